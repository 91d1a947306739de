"""Whether a text is PromQL, and the parts of it that choose series. Pure.

This checks the grammar; it does not evaluate: what a query is worth is looked up in catalogue.py.
"""

from __future__ import annotations

import re

from msgspec import Struct

AGGREGATIONS = frozenset(
    ["sum", "avg", "min", "max", "count", "stddev", "stdvar", "group", "topk", "bottomk", "quantile", "count_values"]
)
FUNCTIONS = AGGREGATIONS | frozenset(
    [
        "abs",
        "absent",
        "absent_over_time",
        "ceil",
        "changes",
        "clamp",
        "clamp_max",
        "clamp_min",
        "day_of_month",
        "day_of_week",
        "day_of_year",
        "days_in_month",
        "delta",
        "deriv",
        "exp",
        "floor",
        "histogram_avg",
        "histogram_count",
        "histogram_fraction",
        "histogram_quantile",
        "histogram_sum",
        "holt_winters",
        "hour",
        "idelta",
        "increase",
        "irate",
        "label_join",
        "label_replace",
        "ln",
        "log10",
        "log2",
        "minute",
        "month",
        "predict_linear",
        "rate",
        "resets",
        "round",
        "scalar",
        "sgn",
        "sort",
        "sort_desc",
        "sqrt",
        "time",
        "timestamp",
        "vector",
        "year",
        "avg_over_time",
        "min_over_time",
        "max_over_time",
        "sum_over_time",
        "count_over_time",
        "quantile_over_time",
        "stddev_over_time",
        "stdvar_over_time",
        "last_over_time",
        "present_over_time",
        "pi",
        "sin",
        "cos",
        "tan",
    ]
)
_OF_RANGES = frozenset(["rate", "irate", "increase", "delta", "idelta", "deriv", "changes", "resets"]) | {
    f for f in FUNCTIONS if f.endswith("_over_time")
}
_MODIFIERS = frozenset(["by", "without", "on", "ignoring", "group_left", "group_right"])
_WORD_OPERATORS = frozenset(["and", "or", "unless", "atan2"])
_DURATION = r"(?:\d+(?:ms|[smhdwy]))+"
_TOKEN = re.compile(
    rf"""(?P<space>\s+|\#[^\n]*)|(?P<duration>{_DURATION})(?![\w])|(?P<number>0x[0-9a-fA-F]+|\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+)"""
    r"""|(?P<word>[A-Za-z_:][\w:]*)|(?P<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`[^`]*`)"""
    r"""|(?P<operator>==|!=|>=|<=|[-+*/%^<>])|(?P<mark>[(){}\[\],@=~!:])""",
    re.VERBOSE,
)
_MATCHER = re.compile(r"""\s*([A-Za-z_]\w*)\s*(=~|!~|!=|=)\s*("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`)\s*""")


class ParseError(Exception):
    """Its text is what Prometheus would say."""


class Matcher(Struct, frozen=True):
    name: str
    operator: str
    value: str

    def matches(self, labels: dict[str, str]) -> bool:
        own = labels.get(self.name, "")
        same = re.fullmatch(self.value, own) is not None if "~" in self.operator else own == self.value
        return same != self.operator.startswith("!")


class Query(Struct, frozen=True):
    """What of a query chooses series."""

    text: str
    metrics: tuple[str, ...]
    """In the order in which they are named."""
    matchers: tuple[Matcher, ...]
    """Of the first selector."""
    aggregation: str
    """The outermost, or empty."""
    by: tuple[str, ...] | None
    without: tuple[str, ...]
    is_selector: bool
    """Nothing but a selector: the metric's name stays on the answer."""
    window_s: float
    """The range of a query that is nothing but a range selector, else 0."""


def _fail(position: int, what: str) -> ParseError:
    return ParseError(f"1:{position + 1}: parse error: {what}")


def _tokens(text: str) -> list[tuple[str, str, int]]:
    found, at = [], 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            if text[at] in "\"'`":
                raise _fail(at, "unterminated quoted string" if text[at] != "`" else "unterminated raw string")
            raise _fail(at, f"unexpected character: {text[at]!r}")
        kind = match.lastgroup or ""
        if kind != "space":
            found.append((kind, match[0], at))
        at = match.end()
    return found


def parse(text: str) -> Query:
    """Raises ParseError."""
    tokens = _tokens(text)
    if not tokens:
        raise ParseError("1:1: parse error: no expression found in input")
    open_: list[tuple[str, int, int]] = []  # function or empty, position, index
    metrics: list[str] = []
    matchers: tuple[Matcher, ...] | None = None
    wants = True
    index = 0
    while index < len(tokens):
        kind, value, at = tokens[index]
        after = tokens[index + 1][1] if index + 1 < len(tokens) else ""
        if kind == "word" and value.lower() in _MODIFIERS and after == "(":
            index = _close(tokens, index + 1, ")", text) + 1
            continue
        if (kind == "word" and value.lower() in ("bool", "group_left", "group_right")) or (
            kind == "word" and value.lower() in _WORD_OPERATORS and not wants
        ):
            wants = True
        elif kind == "word" and value.lower() == "offset" and not wants:
            if index + 1 >= len(tokens) or tokens[index + 1][0] not in ("duration", "operator"):
                raise _fail(at, 'unexpected "offset", expected a duration')
            index += 2 if tokens[index + 1][0] == "operator" else 1
        elif kind in ("word", "number", "string", "duration"):
            if not wants:
                raise _fail(at, f"unexpected {_kind(kind)} {value!r}".replace("'", '"'))
            if kind == "word" and after == "(":
                if value.lower() not in FUNCTIONS:
                    raise _fail(at, f'unknown function with name "{value}"')
                open_.append((value.lower(), at, index + 1))
                index += 2
                continue
            if kind == "word" and value.lower() in AGGREGATIONS and after.lower() in ("by", "without"):
                index = _close(tokens, index + 2, ")", text) + 1
                if index >= len(tokens) or tokens[index][1] != "(":
                    raise _fail(at, "unexpected end of input in aggregation, expected '('".replace("'", '"'))
                open_.append((value.lower(), at, index))
                index += 1
                continue
            if kind == "word" and value.lower() not in ("inf", "nan"):
                metrics.append(value)
            wants = False
        elif value == "{":
            end = _close(tokens, index, "}", text)
            inside = text[at + 1 : tokens[end][2]]
            found = _matchers(inside, at)
            if wants and not found:
                raise _fail(at, "vector selector must contain at least one non-empty matcher")
            if wants:
                metrics.append(next((m.value for m in found if m.name == "__name__"), ""))
            matchers = matchers if matchers is not None else found
            index, wants = end, False
        elif value == "[":
            end = _close(tokens, index, "]", text)
            if wants or not re.fullmatch(rf"\s*{_DURATION}\s*(:\s*({_DURATION})?\s*)?", text[at + 1 : tokens[end][2]]):
                raise _fail(at, 'unexpected "[" or bad duration in range')
            index = end
        elif value == "(":
            if not wants:
                raise _fail(at, 'unexpected "("')
            open_.append(("", at, index))
        elif value == ")":
            if not open_:
                raise _fail(at + 1, "unexpected right parenthesis ')'")
            function, begun, first = open_.pop()
            if wants and (not function or tokens[index - 1][1] != "("):
                raise _fail(at + 1, "unexpected right parenthesis ')'")
            if function in _OF_RANGES and not any(t[1] == "[" for t in tokens[first:index]):
                raise _fail(
                    begun + len(function) + 1,
                    f'expected type range vector in call to function "{function}", got instant vector',
                )
            wants = False
        elif value == ",":
            if not open_ or wants:
                raise _fail(at, 'unexpected ","')
            wants = True
        elif value == "@" and not wants:
            index += 1
        elif kind == "operator":
            if wants and value not in "+-":
                raise _fail(at, f"unexpected <op:{value}>")
            wants = True
        else:
            raise _fail(at, f'unexpected "{value}"')
        index += 1
    if open_:
        raise _fail(len(text), "unclosed left parenthesis")
    if wants:
        raise _fail(len(text), "unexpected end of input")
    return _query(text, metrics, matchers or ())


def _kind(kind: str) -> str:
    return {"word": "identifier", "number": "number", "string": "string", "duration": "duration"}[kind]


def _close(tokens: list[tuple[str, str, int]], start: int, mark: str, text: str) -> int:
    for index in range(start, len(tokens)):
        if tokens[index][1] == mark:
            return index
    what = {")": "parenthesis", "}": "brace", "]": "bracket"}[mark]
    if mark == "}":
        raise _fail(len(text), "unexpected end of input inside braces")
    raise _fail(len(text), f"unclosed left {what}")


def _matchers(inside: str, at: int) -> tuple[Matcher, ...]:
    found: list[Matcher] = []
    position = 0
    while inside[position:].strip():
        match = _MATCHER.match(inside, position)
        if match is None:
            raise _fail(at + 1 + position, "unexpected character inside braces, expected label matching")
        found.append(Matcher(match[1], match[2], match[3][1:-1].replace("\\\\", "\\")))
        if "~" in match[2]:
            try:
                re.compile(found[-1].value)
            except re.error as error:
                raise _fail(at, f"error parsing regexp: {error}") from error
        position = match.end()
        if position < len(inside):
            if inside[position] != ",":
                raise _fail(at + 1 + position, 'unexpected identifier in label matching, expected "," or "}"')
            position += 1
    return tuple(found)


def _query(text: str, metrics: list[str], matchers: tuple[Matcher, ...]) -> Query:
    grouping = re.search(r"\b(by|without)\s*\(([^)]*)\)", text, re.IGNORECASE)
    labels = tuple(part.strip() for part in grouping[2].split(",") if part.strip()) if grouping else ()
    outer = next((w for w in re.findall(r"\b([a-z_]+)\s*(?=\(|by\b|without\b)", text) if w in AGGREGATIONS), "")
    by = grouping is not None and grouping[1].lower() == "by"
    without = grouping is not None and not by
    ranged = re.fullmatch(r"\s*[A-Za-z_:][\w:]*\s*(?:\{[^}]*\})?\s*\[([^\]:]+)\]\s*", text)
    return Query(
        text=text,
        metrics=tuple(m for m in metrics if m),
        matchers=tuple(m for m in matchers if m.name != "__name__"),
        aggregation=outer,
        by=labels if by else () if outer and not without else None,
        without=labels if without else (),
        is_selector=bool(re.fullmatch(r"\s*[A-Za-z_:]*[\w:]*\s*(?:\{[^}]*\})?\s*", text))
        and not text.strip()[:1].isdigit(),
        window_s=duration_s(ranged[1].strip()) if ranged else 0.0,
    )


def duration_s(text: str) -> float:
    """Seconds of a Prometheus duration or of a plain number. Raises ValueError."""
    try:
        return float(text)
    except ValueError:
        if not re.fullmatch(_DURATION, text):
            raise ValueError(f'cannot parse "{text}" to a valid duration') from None
        units = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800, "y": 31_536_000}
        return sum(int(n) * units[u] for n, u in re.findall(r"(\d+)(ms|[smhdwy])", text))

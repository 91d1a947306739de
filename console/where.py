"""The filter language of `/` and `--where`. Pure; docs/filter.md tells an operator how to write it.

filter  = term { blank term }              every term must match
term    = [ "!" ] ( word | "re:" regex | field op value )
op      = ":" holds | "=" is | "!=" is not | "~" regex | "<" "<=" ">" ">="
value   = text, a number with a unit (2h, 1GiB, 80%), or anything in quotes
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from console.errors import ConsoleError
from console.quantity import quantity
from console.regex import RegexError, searcher

TEXT_LIMIT = 1000
"""Longest filter, in characters: nobody types more, and a script that does has a bug."""
TERM_LIMIT = 32
VALUE_LIMIT = 4096
"""Characters of a field that are looked at; the longest text of a record (console.text.LIMIT)."""
FUZZY_LIMIT = 512
"""Characters in which letters may lie apart; further on a word must stand as it is."""
FUZZY_FROM = 3
"""Letters from which they may lie apart: two in order are in nearly every text."""
FUZZY_SPREAD = 4
"""How many times its own length a word may be spread over; more finds what nobody meant."""

Values = Mapping[str, object]
Test = Callable[[Values], bool]
TextTest = Callable[[str], bool]

_FIELD = re.compile(r"([A-Za-z_][A-Za-z0-9_./-]*?)(!=|<=|>=|[:=~<>])")
_ORDERED = ("<", "<=", ">", ">=")
_PIECE = re.compile(r"(\d+)")


class WhereError(ConsoleError):
    """A filter that cannot be understood. `column` counts characters from 1."""

    exit_code = 2

    def __init__(self, message: str, hint: str = "", *, column: int = 1) -> None:
        super().__init__(f"{message} (column {column})", hint)
        self.column = column


@dataclass(frozen=True)
class Filter:
    """A filter that has been understood. False where everything matches."""

    text: str
    terms: tuple[Test, ...] = ()
    fields: frozenset[str] = frozenset()
    """The fields it names."""

    def __bool__(self) -> bool:
        return bool(self.terms)

    def matches(self, values: Values) -> bool:
        """Total: whatever stands in `values`, it answers and does not raise."""
        return all(term(values) for term in self.terms)


@dataclass(frozen=True)
class _Token:
    """A term as it was typed, without its `!`."""

    text: str
    column: int
    inverse: bool
    quoted: bool
    """It begins with a quote: a word, whatever signs are in it."""


def compile(text: str, fields: frozenset[str] | None = None) -> Filter:  # noqa: A001  # as re.compile
    """Understand `text`. `fields` are the names that exist; None takes any. Raises WhereError."""
    if len(text) > TEXT_LIMIT:
        raise WhereError(f"The filter is {len(text)} characters long; {TEXT_LIMIT} are read", column=TEXT_LIMIT)
    terms: list[Test] = []
    named: set[str] = set()
    for token in _tokens(text):
        if len(terms) == TERM_LIMIT:
            raise WhereError(f"The filter has more than {TERM_LIMIT} terms", column=token.column)
        field, test = _term(token, fields)
        named.update(field)
        terms.append(_not(test) if token.inverse else test)
    return Filter(text, tuple(terms), frozenset(named))


def _tokens(text: str) -> Iterator[_Token]:
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        start = at
        inverse = text[at] == "!"
        at += inverse
        quoted = text[at : at + 1] in ('"', "'")
        taken: list[str] = []
        while at < len(text) and not text[at].isspace():
            if text[at] in "\"'" and (not taken or taken[-1] in {":", "=", "~", "<", ">"}):
                end = text.find(text[at], at + 1)
                if end < 0:
                    raise WhereError(
                        f"The quote {text[at]} is not closed", "Close it, or put it in the other quotes.", column=at + 1
                    )
                taken.append(text[at + 1 : end])
                at = end + 1
            else:
                taken.append(text[at])
                at += 1
        word = "".join(taken)
        if not word:
            raise WhereError("There is nothing to look for", "Write a word, field:value or re:REGEX.", column=start + 1)
        yield _Token(word, start + 1 + inverse, inverse, quoted)


def _term(token: _Token, fields: frozenset[str] | None) -> tuple[list[str], Test]:
    """The fields a term names and what it asks."""
    if token.quoted:
        return [], _any(_holds(token.text))
    if token.text.startswith("re:"):
        return [], _any(_regex(token.text[3:], token.column + 3))
    match = _FIELD.match(token.text)
    if match is None:
        # Letters that lie apart are in nearly every text; `!` with them would hide nearly every row.
        return [], _any(_holds(token.text) if token.inverse else _fuzzy(token.text))
    name, op = match.groups()
    value = token.text[match.end() :]
    if fields is not None and name not in fields and name.split(".")[0] not in fields:
        raise _unknown(name, fields, token)
    if not value and op not in ("=", "!="):
        raise WhereError(
            f"Nothing stands after {name}{op}", f"Write {name}{op}VALUE.", column=token.column + match.end()
        )
    return [name], _field(name, op, value, token, match.end())


def _field(name: str, op: str, value: str, token: _Token, offset: int) -> Test:
    if op in _ORDERED:
        ordered = _ordered(op, value)
        return lambda values: any(ordered(item) for item in _items(_get(values, name)))
    if op in ("=", "!="):
        same = _same(value)
        found: Test = lambda values: any(same(item) for item in _items(_get(values, name)) or [""])  # noqa: E731  # as the others
        return found if op == "=" else _not(found)
    test = _regex(value, token.column + offset) if op == "~" else _holds(value) if token.inverse else _fuzzy(value)
    return lambda values: any(test(_text(item)) for item in _items(_get(values, name)))


def _unknown(name: str, fields: frozenset[str], token: _Token) -> WhereError:
    near = difflib.get_close_matches(name, sorted(fields), n=1, cutoff=0.6)
    quoted = f'To look for the text itself, put it in quotes: "{token.text}".'
    hint = f"Did you mean {near[0]}? {quoted}" if near else f"There are {', '.join(sorted(fields))}. {quoted}"
    return WhereError(f"There is no field {name} here", hint, column=token.column)


def _not(test: Test) -> Test:
    return lambda values: not test(values)


def _any(test: TextTest) -> Test:
    def found(values: Values) -> bool:
        for value in values.values():
            if isinstance(value, str):
                if test(value[:VALUE_LIMIT]):
                    return True
            # Nobody looks for the digits of a measured figure; `cpu>80` asks for those.
            elif not isinstance(value, float) and any(test(_text(item)) for item in _items(value)):
                return True
        return False

    return found


def _get(values: Values, name: str) -> object:
    """A field, or `labels.team` inside of one."""
    if name in values:
        return values[name]
    outer, _, inner = name.partition(".")
    inside = values.get(outer)
    return inside.get(inner) if isinstance(inside, Mapping) else None


def _items(value: object) -> list[object]:
    """What there is to look at: each item of a list, each `key=value` of a mapping, nothing of None."""
    if value is None:
        return []
    if isinstance(value, Mapping):
        return [f"{key}={item}" for key, item in value.items()]
    if isinstance(value, (list, tuple, set, frozenset)):
        return list(value)
    return [value]


def _text(item: object) -> str:
    if item is True or item is False:
        return "yes" if item else "no"
    if isinstance(item, int) and item.bit_length() > VALUE_LIMIT:
        # Python refuses to write out integers of many thousand digits.
        return ""
    return (item if isinstance(item, str) else str(item))[:VALUE_LIMIT]


def _smart(word: str) -> bool:
    """Smart case: a capital asks for capitals."""
    return word != word.lower()


def _holds(word: str) -> TextTest:
    if _smart(word):
        return lambda text: word in text
    return lambda text: word in text.lower()


def _fuzzy(word: str) -> TextTest:
    """The word itself, or its letters in order from the start of a word on, not too far apart: `chko` is in checkout."""
    if len(word) < FUZZY_FROM:
        return _holds(word)
    smart = _smart(word)
    first, span = word[0], FUZZY_SPREAD * len(word)

    def test(text: str) -> bool:
        folded = text if smart else text.lower()
        if word in folded:
            return True
        start = folded.find(first, 0, FUZZY_LIMIT)
        while start >= 0:
            if (start == 0 or not folded[start - 1].isalnum()) and _apart(word, folded, start, start + span):
                return True
            start = folded.find(first, start + 1, FUZZY_LIMIT)
        return False

    return test


def _apart(word: str, text: str, at: int, end: int) -> bool:
    for letter in word:
        at = text.find(letter, at, end) + 1
        if at == 0:
            return False
    return True


def _regex(pattern: str, column: int) -> TextTest:
    try:
        return searcher(pattern, ignore_case=not _smart(re.sub(r"\\.", "", pattern)))
    except RegexError as error:
        raise WhereError(error.message, error.hint, column=column + error.offset) from error


def _same(value: str) -> Callable[[object], bool]:
    wanted = quantity(value)
    smart = _smart(value)

    def test(item: object) -> bool:
        if wanted is not None and isinstance(item, (int, float)) and not isinstance(item, bool):
            return item == wanted
        text = _text(item)
        return (text if smart else text.lower()) == value

    return test


def _ordered(op: str, value: str) -> Callable[[object], bool]:
    wanted = quantity(value)
    natural = _natural(value)

    def test(item: object) -> bool:
        if isinstance(item, bool):
            return False
        if wanted is not None:
            given = item if isinstance(item, (int, float)) else quantity(_text(item))
            return given is not None and _compare(op, given, wanted)
        return isinstance(item, str) and _compare(op, _natural(item), natural)

    return test


def _compare(op: str, left: object, right: object) -> bool:
    match op:
        case "<":
            return left < right  # type: ignore[operator, no-any-return]  # two numbers or two natural keys
        case "<=":
            return left <= right  # type: ignore[operator, no-any-return]  # as above
        case ">":
            return left > right  # type: ignore[operator, no-any-return]  # as above
    return left >= right  # type: ignore[operator, no-any-return]  # as above


def _natural(text: str) -> list[tuple[int, int, str]]:
    """1.10 after 1.9: runs of digits compare as numbers."""
    pieces = _PIECE.split(text[:VALUE_LIMIT].lower())
    return [(1, int(piece[:18]), "") if piece.isdecimal() else (0, 0, piece) for piece in pieces if piece]

"""Regular expressions that end. Pure.

Python's engine goes back over what it has tried, so a pattern may take longer than the world exists. This takes the
patterns people type and refuses those that can do so: a repeat inside of a repeated group, alternatives inside of one,
references and look-around. What is left is bounded by the number of open repeats and the length of the text.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from console.errors import ConsoleError

PATTERN_LIMIT = 200
TEXT_LIMIT = 256
"""Characters of a text that are searched."""
SCANS = 3
"""Open repeats, and one for a pattern that may begin anywhere: 256^3 / 6 is 3 million steps, some 30 ms at worst."""

_COUNT = re.compile(r"\{(\d*)(,?)(\d*)\}")


class RegexError(ConsoleError):
    """A pattern that is wrong or that might not end. `offset` counts from 0."""

    exit_code = 2

    def __init__(self, message: str, hint: str = "", *, offset: int = 0) -> None:
        super().__init__(message, hint)
        self.offset = offset


def searcher(pattern: str, *, ignore_case: bool, limit: int = TEXT_LIMIT) -> Callable[[str], bool]:
    """A test whether `pattern` stands in the first `limit` characters of a text. Raises RegexError."""
    search = compiled(pattern, ignore_case=ignore_case).search
    return lambda text: search(text, 0, limit) is not None


def compiled(pattern: str, *, ignore_case: bool, scans: int = SCANS) -> re.Pattern[str]:
    """`pattern`, known to end: no text takes it more than length^scans steps. Raises RegexError."""
    if not pattern:
        raise RegexError("There is no regular expression", "Write one: re:^web-[0-9]+$")
    if len(pattern) > PATTERN_LIMIT:
        raise RegexError(f"The regular expression is longer than {PATTERN_LIMIT} characters", offset=PATTERN_LIMIT)
    # For a search, what may begin or end with anything is the same without it.
    shorter = pattern
    while shorter.startswith(".*") and len(shorter) > 2 and shorter[2] not in "?+*{|" and "|" not in shorter:
        shorter = shorter[2:]
    _check(shorter, len(pattern) - len(shorter), scans)
    try:
        return re.compile(shorter, re.IGNORECASE if ignore_case else 0)
    except (re.error, OverflowError, RecursionError) as error:
        at = getattr(error, "pos", None) or 0
        text = getattr(error, "msg", None) or str(error)
        raise RegexError(
            f"The regular expression is wrong: {text}",
            "Escape signs that stand for themselves: \\. \\( \\[ \\*",
            offset=at + len(pattern) - len(shorter),
        ) from error


class _Group:
    """What an atom holds that must not be repeated."""

    def __init__(self) -> None:
        self.repeats = False
        self.chooses = False


def _check(pattern: str, skipped: int, most: int) -> None:
    stack = [_Group()]
    atom: _Group | None = None
    scans = 0 if pattern.startswith("^") and "|" not in pattern else 1
    at = 0
    while at < len(pattern):
        sign = pattern[at]
        if sign == "\\":
            if pattern[at + 1 : at + 2].isdigit():
                raise RegexError("References to a group are not taken", offset=at + skipped)
            atom, at = _Group(), at + 2
        elif sign == "[":
            atom, at = _Group(), _class_end(pattern, at)
        elif sign == "(":
            if pattern.startswith("(?", at) and not pattern.startswith("(?:", at):
                raise RegexError(
                    "Only plain groups are taken: no look-around, names or flags",
                    "Write (?:…) or (…).",
                    offset=at + skipped,
                )
            stack.append(_Group())
            atom, at = None, at + (3 if pattern.startswith("(?:", at) else 1)
        elif sign == ")":
            if len(stack) == 1:
                raise RegexError("A ) closes no group", "Write \\) for the sign itself.", offset=at + skipped)
            atom = stack.pop()
            stack[-1].repeats |= atom.repeats
            stack[-1].chooses |= atom.chooses
            at += 1
        elif sign == "|":
            stack[-1].chooses = True
            atom, at = None, at + 1
        elif sign in "*+?" or (sign == "{" and _COUNT.match(pattern, at)):
            end, optional, opened, fixed = _repeat(pattern, at)
            if atom is not None and (atom.repeats or atom.chooses) and not optional:
                raise RegexError(
                    "A repeat inside of a repeated group might not end",
                    "Repeat single characters or classes: [a-z0-9-]+ in place of ([a-z]+-?)+.",
                    offset=at + skipped,
                )
            scans += opened
            if scans > most:
                raise RegexError(
                    "So many open repeats might take too long",
                    "Begin with ^, write several terms, or [^ ]{1,9} in place of .*",
                    offset=at + skipped,
                )
            if not fixed:
                stack[-1].repeats = True
            at = end
            if pattern[at : at + 1] in ("?", "+"):
                at += 1
            atom = None
        else:
            atom, at = _Group(), at + 1


def _repeat(pattern: str, at: int) -> tuple[int, bool, int, bool]:
    """Where a repeat ends, whether it is `?`, how much it adds to the scans, and whether it is a fixed number."""
    if pattern[at] == "?":
        return at + 1, True, 0, False
    count = _COUNT.match(pattern, at) if pattern[at] == "{" else None
    if count is None:
        return at + 1, False, 1, False
    low, comma, high = count.groups()
    if not comma:
        return count.end(), False, 0, True
    spread = int(high[:9]) - int(low[:9] or "0") if high else TEXT_LIMIT
    return count.end(), False, int(spread > 16), False


def _class_end(pattern: str, at: int) -> int:
    at += 2 if pattern.startswith("[^", at) else 1
    if pattern[at : at + 1] == "]":
        at += 1
    while at < len(pattern) and pattern[at] != "]":
        at += 2 if pattern[at] == "\\" else 1
    return at + 1

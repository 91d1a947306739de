"""A document's tree to typed settings: every problem at once, each with its line and path. Pure.

Each value is looked at alone here; how they fit together is looked at in `checks`.
"""

from __future__ import annotations

import difflib
import functools
import math
import re
import types
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec import UNSET, Meta, Struct

from console.settings import durations
from console.settings.document import Node
from console.settings.model import Seconds, SecretRef, Settings
from console.settings.problems import Problem, shown
from console.settings.references import NAME_ALLOWED, PREFIX, parse_reference

MAX_VALUES = 100_000
"""Values that one file may expand to: twenty times a large real one, and aliases cannot multiply without end."""

MOST_PROBLEMS = 200
"""Problems that one file is told: whoever has more has given another file, or will look at the first ones."""

PLACEHOLDER = "\0"
"""Stands for a text that is missing or wrong, so that the rest can still be checked against each other."""

_BAD: Any = UNSET

_KINDS = {str: "a text", int: "a whole number", float: "a number", bool: "true or false"}

_PATTERNS = {
    r"^[a-z0-9][a-z0-9._-]{0,62}$": "lower-case letters, digits and . _ -, at most 63, beginning with a letter or digit",
    r"^[\w.-]+/[\w.-]+$": "OWNER/NAME",
}
"""What a pattern of the model says in words."""

S = TypeVar("S", bound=Struct)


class _TooMuchError(Exception):
    """The way out of the recursion; it never leaves this module."""


@dataclass(slots=True)
class Converted:
    settings: Settings
    """Complete; where `problems` name a path it holds the default or a placeholder there."""
    lines: dict[str, int]
    """The line of each section, list, item and leaf of the file, by its path."""
    leaves: set[str]
    """The paths of the values that the file gives."""
    problems: list[Problem]


@dataclass(slots=True)
class _Pass:
    file: str
    lines: dict[str, int] = field(default_factory=dict)
    leaves: set[str] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)
    seen: int = 0

    def bad(self, path: str, line: int, what: str, allowed: str = "") -> Any:
        if len(self.problems) >= MOST_PROBLEMS:
            raise _TooMuchError(f"more problems follow; the first {MOST_PROBLEMS} are listed")
        self.problems.append(Problem(file=self.file, line=line, path=path, what=what, allowed=allowed))
        return _BAD

    def section(self, cls: type[S], node: Node, path: str) -> S | Any:
        if not isinstance(node.value, dict):
            return self.bad(path, node.line, f"a section of keys belongs here, not {_kind(node.value)}", _keys(cls))
        values: dict[str, Any] = {}
        fields = {one.encode_name: one for one in msgspec.structs.fields(cls)}
        for key in node.value:
            if key not in fields:
                below = _join(path, shown(key).strip("'"))
                self.bad(below, node.key_lines[key], "unknown key", _closest(key, fields) or _keys(cls))
        hints = _hints(cls)
        for key, one in fields.items():
            below = _join(path, key)
            given = node.value.get(key)
            if given is not None:
                self.lines[below] = node.key_lines[key]
            if given is None or (given.value is None and not one.required):
                if one.required:
                    self.bad(below, node.line, "is missing", "it has no default")
                    values[key] = PLACEHOLDER
                continue
            value = self.value(hints[key], given, below)
            if value is not _BAD:
                values[key] = value
            elif one.required or isinstance(one.default, str):
                values[key] = PLACEHOLDER
        return cls(**values)

    def value(self, hint: Any, node: Node, path: str) -> Any:
        self.seen += 1
        if self.seen > MAX_VALUES:
            raise _TooMuchError(f"the file expands to more than {MAX_VALUES} values; use fewer aliases")
        self.lines.setdefault(path, node.line)
        meta: tuple[Any, ...] = ()
        if get_origin(hint) is Annotated:
            hint, *metas = get_args(hint)
            meta = tuple(metas)
        if get_origin(hint) in (Union, types.UnionType):
            (hint,) = [one for one in get_args(hint) if one is not type(None)]
        if get_origin(hint) is tuple:
            return self._items(get_args(hint)[0], node, path)
        if isinstance(hint, type) and issubclass(hint, Struct):
            return self.section(hint, node, path)
        value = self._leaf(hint, meta, node, path)
        if value is not _BAD:
            self.leaves.add(path)
        return value

    def _items(self, hint: Any, node: Node, path: str) -> Any:
        if not isinstance(node.value, list):
            self.bad(path, node.line, f"a list belongs here, not {_kind(node.value)}", "begin each item with '- '")
            return (_stand_in(hint),)
        items = [self.value(hint, one, f"{path}[{index}]") for index, one in enumerate(node.value)]
        # A wrong item keeps its place, so that the others keep the index that the file gives them.
        return tuple(_stand_in(hint) if one is _BAD else one for one in items)

    def _leaf(self, hint: Any, meta: tuple[Any, ...], node: Node, path: str) -> Any:
        raw = node.value
        if hint is SecretRef:
            try:
                return parse_reference(raw)
            except ValueError as exc:
                allowed = (
                    NAME_ALLOWED
                    if isinstance(raw, str) and raw.startswith(PREFIX)
                    else ("write secret:NAME here and run: quarterdeck secret set NAME")
                )
                return self.bad(path, node.line, str(exc), allowed)
        if isinstance(raw, (list, dict)):
            return self.bad(path, node.line, f"{_expected(hint)} belongs here, not {_kind(raw)}", _quotes(hint))
        if hint is Seconds:
            try:
                return durations.parse_seconds(raw)
            except ValueError as exc:
                return self.bad(path, node.line, f"{shown(raw)} {exc}", durations.ALLOWED)
        if get_origin(hint) is Literal:
            return self._word(get_args(hint), raw, path, node.line)
        return self._plain(hint, meta, raw, path, node.line)

    def _word(self, words: tuple[str, ...], raw: object, path: str, line: int) -> Any:
        if isinstance(raw, str) and raw in words:
            return raw
        named = [word for word in words if word]
        what = f"{shown(raw)} is not one of {', '.join(named)}" if len(named) > 1 else f"{shown(raw)} is not {named[0]}"
        return self.bad(path, line, what, _closest(str(raw), named))

    def _plain(self, hint: Any, meta: tuple[Any, ...], raw: object, path: str, line: int) -> Any:
        if isinstance(raw, float) and not math.isfinite(raw):
            return self.bad(path, line, "is not a finite number")
        for one in meta:
            if isinstance(one, Meta) and one.pattern and isinstance(raw, str) and not re.search(one.pattern, raw):
                return self.bad(path, line, f"{shown(raw)} does not fit", _PATTERNS.get(one.pattern, one.pattern))
        try:
            annotated = functools.reduce(lambda base, one: Annotated[base, one], meta, hint)
            return msgspec.convert(raw, annotated, strict=True)
        except msgspec.ValidationError as exc:
            if isinstance(raw, hint) or (hint is float and type(raw) is int):
                # A bound of the model: msgspec's own words name it ("Expected `float` <= 0.8").
                said = (
                    str(exc)
                    .split(" - at ")[0]
                    .replace("Expected ", "")
                    .replace("`", "")
                    .replace("float ", "")
                    .replace("int ", "")
                )
                return self.bad(path, line, f"{shown(raw)} is out of bounds", f"allowed: {said}")
            return self.bad(path, line, f"{_expected(hint)} belongs here, not {_kind(raw)}", _quotes(hint))


def convert(node: Node | None, file: str) -> Converted:
    """Settings from a document's tree; an empty document gives the defaults."""
    work = _Pass(file)
    settings = Settings()
    if node is not None and node.value is not None:
        try:
            made = work.section(Settings, node, "")
        except _TooMuchError as stopped:
            last = max((problem.line for problem in work.problems), default=node.line)
            work.problems.append(Problem(file=file, line=last, what=str(stopped)))
        else:
            settings = settings if made is _BAD else made
    return Converted(settings, work.lines, work.leaves, work.problems)


def _stand_in(hint: Any) -> Any:
    base = get_args(hint)[0] if get_origin(hint) is Annotated else hint
    if isinstance(base, type) and issubclass(base, Struct):
        # The name as well: what refers to it by name must not be told that there is none.
        unknown = [one.name for one in msgspec.structs.fields(base) if one.required or one.name == "name"]
        return base(**dict.fromkeys(unknown, PLACEHOLDER))
    return PLACEHOLDER


@functools.cache
def _hints(cls: type[Struct]) -> dict[str, Any]:
    return get_type_hints(cls, include_extras=True)


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _closest(word: str, among: Collection[str]) -> str:
    near = difflib.get_close_matches(word.lower(), list(among), n=1, cutoff=0.6)
    near = near or [one for one in among if len(word) > 1 and one.startswith(word.lower())]
    return f"did you mean {near[0]}?" if near else ""


def _keys(cls: type[Struct]) -> str:
    return "known keys: " + ", ".join(one.encode_name for one in msgspec.structs.fields(cls))


def _expected(hint: Any) -> str:
    if hint is Seconds:
        return "a duration"
    return "one word" if get_origin(hint) is Literal else _KINDS.get(hint, "another value")


def _quotes(hint: Any) -> str:
    return "put it in quotes" if hint is str else ""


def _kind(raw: object) -> str:
    named: dict[type, str] = {list: "a list", dict: "a section", type(None): "nothing", **_KINDS}
    return named.get(type(raw), "something else")

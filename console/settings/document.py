"""A YAML text as a tree that knows its lines.

Scalars follow the YAML 1.2 core schema, as editors do: `no` and `on` are words, `1:30` is a word, `true` is a truth.
Source: yaml.org/spec/1.2.2, section 10.3; aliases and merge keys (`<<`) of YAML 1.1 are understood.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from console.settings.problems import Problem, shown

MAX_DEPTH = 24
"""Levels of nesting; the deepest setting lies four levels down."""

MERGE = "<<"

_TAGS = {"!", *(f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null", "seq", "map"))}
_NULL = re.compile(r"~|null|Null|NULL|")
_BOOL = re.compile(r"true|True|TRUE|false|False|FALSE")
_INT = re.compile(r"[-+]?[0-9]{1,18}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]{1,4})?")
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_QUOTED = re.compile(r"(['\"])(?!<)(?!\\?.\1)[^'\"]*\1")


@dataclass(slots=True)
class Node:
    """A value with the line it stands on, counted from 1."""

    line: int
    value: str | int | float | bool | list[Node] | dict[str, Node] | None
    key_lines: dict[str, int] = field(default_factory=dict)
    """The line of each key, where the value is a mapping."""


class Broken(Exception):  # noqa: N818  # it carries a Problem and never leaves this module
    def __init__(self, problem: Problem) -> None:
        self.problem = problem


@dataclass(slots=True)
class _Reader:
    events: Iterator[Any]
    file: str
    problems: list[Problem]
    anchors: dict[str, Node] = field(default_factory=dict)

    def node(self, event: Any, depth: int) -> Node:
        line = event.start_mark.line + 1
        if depth > MAX_DEPTH:
            raise Broken(Problem(file=self.file, line=line, what=f"nested more than {MAX_DEPTH} levels deep"))
        kind = type(event).__name__
        if kind == "AliasEvent":
            if event.anchor not in self.anchors:
                raise Broken(
                    Problem(
                        file=self.file,
                        line=line,
                        what="an alias (*) whose anchor (&) is not defined before it",
                        allowed="a text that begins with * needs quotes",
                    )
                )
            return self.anchors[event.anchor]
        if event.tag and event.tag not in _TAGS:
            self.problems.append(Problem(file=self.file, line=line, what="a type tag (!) is not understood here"))
        if kind == "ScalarEvent":
            plain = event.implicit[0] and not event.style
            node = Node(line, scalar(event.value) if plain else event.value)
        elif kind == "SequenceStartEvent":
            node = Node(line, self._items(depth))
        else:
            node = self._mapping(line, depth)
        if event.anchor:
            self.anchors[event.anchor] = node
        return node

    def _items(self, depth: int) -> list[Node]:
        items = []
        while type(event := next(self.events)).__name__ != "SequenceEndEvent":
            items.append(self.node(event, depth + 1))
        return items

    def _mapping(self, line: int, depth: int) -> Node:
        pairs: dict[str, Node] = {}
        key_lines: dict[str, int] = {}
        merged: list[tuple[int, Node]] = []
        while type(event := next(self.events)).__name__ != "MappingEndEvent":
            at = event.start_mark.line + 1
            key = self.node(event, depth + 1)
            value = self.node(next(self.events), depth + 1)
            if isinstance(key.value, (list, dict)):
                self.problems.append(
                    Problem(
                        file=self.file,
                        line=at,
                        what="a key is a list or a section",
                        allowed="a text that begins with { or [ needs quotes",
                    )
                )
            elif key.value == MERGE:
                merged.append((at, value))
            elif (name := event.value) in pairs:
                self.problems.append(
                    Problem(
                        file=self.file,
                        line=at,
                        what=f"the key {shown(name)} stands twice, first on line {key_lines[name]}",
                        allowed="keep one",
                    )
                )
            else:
                pairs[name], key_lines[name] = value, at
        for at, source in merged:
            self._merge(at, source, pairs, key_lines)
        return Node(line, pairs, key_lines)

    def _merge(self, at: int, source: Node, pairs: dict[str, Node], key_lines: dict[str, int]) -> None:
        for one in source.value if isinstance(source.value, list) else [source]:
            if not isinstance(one.value, dict):
                self.problems.append(Problem(file=self.file, line=at, what="<< takes a section or a list of sections"))
                continue
            for name, value in one.value.items():
                if name not in pairs:
                    pairs[name], key_lines[name] = value, one.key_lines[name]


def scalar(text: str) -> str | int | float | bool | None:
    """What a plain scalar stands for in the core schema."""
    if _NULL.fullmatch(text):
        return None
    if _BOOL.fullmatch(text):
        return text.lower() == "true"
    if _INT.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text) or _NOT_FINITE.fullmatch(text):
        return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
    return text


def parse(text: str, file: str) -> tuple[Node | None, list[Problem]]:
    """The document's tree (None for an empty one or one that cannot be read) and what is wrong with its form."""
    import yaml  # 20 ms that a screen with no settings file to read does not pay

    problems: list[Problem] = []
    # libyaml is ten times faster. Only its events are used: its composer overflows the stack on deep nesting.
    events = yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    try:
        next(events)  # StreamStart
        if type(next(events)).__name__ == "StreamEndEvent":
            return None, problems
        root = _Reader(events, file, problems).node(next(events), 0)
        next(events)  # DocumentEnd
        if type(event := next(events)).__name__ != "StreamEndEvent":
            line = event.start_mark.line + 1 if event.start_mark else 1
            problems.append(
                Problem(file=file, line=line, what="a second document begins", allowed="keep one in a file")
            )
    except Broken as broken:
        return None, [*problems, broken.problem]
    except yaml.YAMLError as exc:
        return None, [*problems, _syntax(exc, text, file)]
    return root, problems


def written(values: object) -> str:
    """Plain values as YAML that `parse` reads back as the same: a text like `08` is quoted, as the core schema asks."""
    import yaml

    class Dumper(yaml.SafeDumper):
        pass

    def text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
        style = '"' if not value.isprintable() else None if isinstance(scalar(value), str) else "'"
        return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)

    Dumper.add_representer(str, text)
    return yaml.dump(values, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=120)


def _syntax(exc: Exception, text: str, file: str) -> Problem:
    mark = getattr(exc, "problem_mark", None) or getattr(exc, "context_mark", None)
    position = getattr(exc, "position", None)
    line = mark.line + 1 if mark else text[:position].count("\n") + 1 if position else 1
    # PyYAML quotes what it stumbled over; that may be a piece of a secret.
    what = _QUOTED.sub("…", str(getattr(exc, "problem", None) or getattr(exc, "reason", None) or "cannot be read"))
    lines = text.splitlines()
    allowed = ""
    if line <= len(lines) and "\t" in lines[line - 1][: len(lines[line - 1]) - len(lines[line - 1].lstrip())]:
        allowed = "indent with spaces; YAML takes no tabs"
    elif "mapping values are not allowed" in what:
        allowed = "a text with ': ' in it needs quotes, and keys of one section begin in one column"
    return Problem(file=file, line=line, what=f"not valid YAML: {what}", allowed=allowed)

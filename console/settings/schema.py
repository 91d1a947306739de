"""The JSON Schema of a settings file, with the model's docstrings as descriptions.

Source: JSON Schema 2020-12; yaml-language-server reads it and shows the descriptions beside each key.
"""

from __future__ import annotations

import ast
import inspect
import itertools
import re
import types
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec import NODEFAULT, Meta, Struct

from console.settings import model
from console.settings.durations import ALLOWED
from console.settings.model import Seconds, SecretRef, Settings
from console.settings.plain import Plain, plain

Schema = dict[str, Any]

NOT_FOR_FILES = frozenset({"demo"})
"""Keys of Settings that no file may give."""


def schema() -> Schema:
    """The whole schema; the same each time it is called."""
    told = docstrings()
    structs: dict[str, type[Struct]] = {}
    root = _section(Settings, told, structs)
    defs: dict[str, Schema] = {}
    while missing := structs.keys() - defs.keys():
        for name in sorted(missing):
            defs[name] = _section(structs[name], told, structs)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Quarterdeck settings",
        **root,
        "$defs": {
            **{name: defs[name] for name in sorted(defs)},
            "Seconds": {
                "description": f"{ALLOWED[0].upper()}{ALLOWED[1:]}.",
                "anyOf": [
                    {"type": "number", "minimum": 0},
                    {"type": "string", "pattern": r"^\d+(\.\d+)?(ms|[wdhms])?(\d+(\.\d+)?(ms|[dhms]))*$"},
                ],
            },
            "SecretRef": {
                "description": "A secret by its name; `quarterdeck secret set NAME` keeps its value.",
                "type": "string",
                "pattern": "^secret:[A-Za-z0-9][A-Za-z0-9._/@-]{0,119}$",
            },
        },
    }


def docstrings() -> dict[str, dict[str, str]]:
    """Section → key → what the docstring under the key says; the section's own stands under the empty key."""
    told: dict[str, dict[str, str]] = {}
    for node in ast.parse(inspect.getsource(model)).body:
        if isinstance(node, ast.ClassDef):
            told[node.name] = {"": ast.get_docstring(node) or "", **_under_keys(node.body)}
    return told


def _under_keys(body: list[ast.stmt]) -> dict[str, str]:
    found = {}
    for one, below in itertools.pairwise(body):
        if not (isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name)):
            continue
        match below:
            case ast.Expr(value=ast.Constant(value=str(text))):
                found[one.target.id] = re.sub(r"\s+", " ", text).strip()
    return found


def _section(cls: type[Struct], told: dict[str, dict[str, str]], structs: dict[str, type[Struct]]) -> Schema:
    hints = get_type_hints(cls, include_extras=True)
    said = told[cls.__name__]
    properties: dict[str, Schema] = {}
    required = []
    for one in msgspec.structs.fields(cls):
        if cls is Settings and one.encode_name in NOT_FOR_FILES:
            continue
        value = _value(hints[one.name], structs)
        if description := said.get(one.name):
            value = {"description": description, **value}
        default = one.default
        if one.required:
            required.append(one.encode_name)
        elif default is not NODEFAULT and default is not None and not isinstance(default, Struct):
            value["default"] = plain(default)
        properties[one.encode_name] = value
    made: Schema = {"description": said[""], "type": "object", "additionalProperties": False, "properties": properties}
    return {**made, "required": required} if required else made


def _value(hint: Any, structs: dict[str, type[Struct]]) -> Schema:
    limits: Schema = {}
    if get_origin(hint) is Annotated:
        hint, *metas = get_args(hint)
        for meta in metas:
            if isinstance(meta, Meta):
                limits |= _limits(meta)
    if get_origin(hint) in (Union, types.UnionType):
        (hint,) = [one for one in get_args(hint) if one is not type(None)]
    if get_origin(hint) is tuple:
        return {"type": "array", "items": _value(get_args(hint)[0], structs)}
    if get_origin(hint) is Literal:
        return {"enum": list(get_args(hint))}
    if hint in (Seconds, SecretRef):
        return {"$ref": f"#/$defs/{hint.__name__}"}
    if isinstance(hint, type) and issubclass(hint, Struct):
        structs[hint.__name__] = hint
        return {"$ref": f"#/$defs/{hint.__name__}"}
    named: dict[type, str] = {str: "string", bool: "boolean", int: "integer", float: "number"}
    return {"type": named[hint], **limits}


def _limits(meta: Meta) -> Schema:
    given: dict[str, Plain] = {
        "pattern": meta.pattern,
        "exclusiveMinimum": meta.gt,
        "minimum": meta.ge,
        "exclusiveMaximum": meta.lt,
        "maximum": meta.le,
    }
    return {key: value for key, value in given.items() if value is not None}

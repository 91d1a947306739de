"""Settings as plain values, for `config show`, for JSON and to be written as YAML. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import Struct

from console.settings.durations import format_seconds
from console.settings.model import Seconds, SecretRef
from console.settings.references import PREFIX

Plain = str | float | bool | None | list["Plain"] | dict[str, "Plain"]


def plain(value: Any, *, defaults: bool = True) -> Plain:
    """Structs as mappings, durations as `10m`, secrets as `secret:NAME`; `defaults` says whether to name them too."""
    match value:
        case Struct():
            return {
                one.encode_name: plain(given, defaults=defaults)
                for one in msgspec.structs.fields(value)
                if (given := getattr(value, one.name)) != one.default or defaults
            }
        case tuple():
            return [plain(one, defaults=defaults) for one in value]
        case Seconds():
            return format_seconds(value)
        case SecretRef():
            return PREFIX + value
        case str() | bool() | int() | float() | None:
            return value
    raise TypeError(f"no settings hold a {type(value).__name__}")


def leaves(value: Plain, path: str = "") -> Iterator[tuple[str, Plain]]:
    """Each leaf with its path, as in Provenance: `docker[0].url`. An empty list is a leaf."""
    if isinstance(value, dict):
        for key, one in value.items():
            yield from leaves(one, f"{path}.{key}" if path else key)
    elif isinstance(value, list) and value:
        for index, one in enumerate(value):
            yield from leaves(one, f"{path}[{index}]")
    else:
        yield path, value


def enc_hook(value: object) -> Plain:
    """For msgspec.json.Encoder: what it cannot encode by itself in a Settings."""
    if isinstance(value, (Seconds, SecretRef)):
        return plain(value)
    raise NotImplementedError(f"no settings hold a {type(value).__name__}")

"""How a secret is named. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

from console.settings.model import SecretRef

PREFIX = "secret:"

NAME_ALLOWED = "letters, digits and . _ - / @, at most 120, beginning with a letter or digit: github/acme"

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/@-]{0,119}")


def parse_reference(raw: object) -> SecretRef:
    """The name in `secret:NAME`. Raises ValueError, whose text never holds `raw`: it may be the secret itself."""
    if not isinstance(raw, str) or not raw.startswith(PREFIX):
        raise ValueError("a secret itself does not belong into this file; its value is not repeated here")
    return checked_name(raw.removeprefix(PREFIX))


def checked_name(name: str) -> SecretRef:
    """Raises ValueError, whose text never holds `name`: people paste the secret in its place."""
    if not _NAME.fullmatch(name) or ".." in name or "//" in name or name.endswith("/"):
        raise ValueError("is not a name for a secret")
    return SecretRef(name)


def environment_name(name: str) -> str:
    """`github/acme` is looked for in QUARTERDECK_SECRET_GITHUB_ACME."""
    return "QUARTERDECK_SECRET_" + re.sub(r"[^A-Za-z0-9]", "_", name).upper()


def credential_name(name: str) -> str:
    """`github/acme` is looked for in the systemd credential github-acme: a credential's name is a file's."""
    return name.replace("/", "-")


def references_in(value: object, path: str = "") -> Iterator[tuple[str, SecretRef]]:
    """Each secret that settings name, with the path of the key that names it."""
    if isinstance(value, SecretRef):
        yield path, value
    elif isinstance(value, Struct):
        for key in value.__struct_fields__:
            yield from references_in(getattr(value, key), f"{path}.{key}" if path else key)
    elif isinstance(value, tuple):
        for index, one in enumerate(value):
            yield from references_in(one, f"{path}[{index}]")

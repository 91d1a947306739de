"""Which store keeps which secret: names and places only, so that the next command looks where the last one put it."""

from __future__ import annotations

from pathlib import Path

import msgspec
from msgspec import Struct

from console.settings.private_files import locked, read_bounded, write_private
from console.settings.stores import StoreName

LARGEST = 1_048_576


class Place(Struct, frozen=True):
    store: StoreName
    backend: str = ""
    """The keyring's backend: another one would not have it."""


class SecretIndex:
    """Lost or damaged it costs nothing but a longer search."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> dict[str, Place]:
        try:
            return msgspec.json.decode(read_bounded(self._path, LARGEST, private=False), type=dict[str, Place])
        except (OSError, msgspec.DecodeError, UnicodeDecodeError):
            return {}

    def note(self, name: str, place: Place | None) -> None:
        """Raises OSError."""
        with locked(self._path):
            kept = self.read()
            kept.pop(name, None)
            if place is not None:
                kept[name] = place
            write_private(self._path, msgspec.json.encode(kept))

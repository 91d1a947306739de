"""Secrets in a file that only its owner may read, and that is not encrypted."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import msgspec

from console.settings.private_files import TooOpenError, locked, read_bounded, write_private
from console.settings.stores import StoreName, Unusable

IN_SO_MANY_WORDS = "i-know-this-is-not-encrypted"
LARGEST = 4_194_304


class Plaintext:
    """Works only where the settings ask for it in so many words."""

    name: StoreName = "plaintext"

    def __init__(self, path: Path, wanted: str) -> None:
        self.path = path
        self.on = wanted == IN_SO_MANY_WORDS

    @property
    def where(self) -> str:
        return f"plain file {self.path}"

    def get(self, name: str) -> str | None:
        return self._read().get(name)

    def names(self) -> list[str]:
        return sorted(self._read())

    def put(self, name: str, value: str) -> None:
        self._change(lambda kept: {**kept, name: value})

    def drop(self, name: str) -> bool:
        if name not in self._read():
            return False
        self._change(lambda kept: {one: value for one, value in kept.items() if one != name})
        return True

    def _change(self, edit: Callable[[dict[str, str]], dict[str, str]]) -> None:
        try:
            with locked(self.path):
                write_private(self.path, msgspec.json.encode(edit(self._read())))
        except OSError as exc:
            raise Unusable(f"{self.path} cannot be written ({exc.strerror})") from None

    def _read(self) -> dict[str, str]:
        if not self.on:
            raise Unusable("not switched on", f"secrets.plaintext: {IN_SO_MANY_WORDS}")
        if not os.path.lexists(self.path):
            return {}
        try:
            return msgspec.json.decode(read_bounded(self.path, LARGEST, private=True), type=dict[str, str])
        except TooOpenError:
            raise Unusable(f"{self.path} may be read by others", f"chmod 600 {self.path}") from None
        except OSError as exc:
            raise Unusable(f"{self.path} cannot be read ({exc.strerror})") from None
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise Unusable(f"{self.path} is damaged") from None

"""What every place that keeps secrets can do."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, Protocol

StoreName = Literal["keyring", "vault", "plaintext"]

VALUE_LIMIT = 65_536
"""Bytes of one secret: a private key of any kind fits, a file given by mistake does not."""


class Unusable(Exception):  # noqa: N818  # a store says it of itself; Secrets makes a SecretError of it
    """A store cannot do what it is asked. Neither text ever holds a secret's value."""

    def __init__(self, why: str, hint: str = "") -> None:
        super().__init__(why)
        self.why = why
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Found:
    """A secret's value and where it was found. Only `value` gives the value away: repr and str do not."""

    value: str = field(repr=False)
    where: str = ""

    def __str__(self) -> str:
        return f"a secret from {self.where}"


class Store(Protocol):
    """A place that keeps secrets by name. Every call may block, for at most about three seconds."""

    name: StoreName

    @property
    def where(self) -> str:
        """`keyring (SecretService)`, `vault /home/ana/…/vault`."""

    def get(self, name: str) -> str | None:
        """The value, None where it has none of that name. Raises Unusable."""

    def put(self, name: str, value: str) -> None:
        """Raises Unusable."""

    def drop(self, name: str) -> bool:
        """Whether there was one. Raises Unusable."""

"""What GitHub last answered, so that an unchanged answer costs nothing.

GitHub's ETags depend on the token, so an entry belongs to a host, a token and an address; another token finds nothing.
Kept is the trimmed answer, a few hundred bytes a run, and never GitHub's own body of 12 kB a run.
"""

from __future__ import annotations

import hashlib
import zlib
from collections import OrderedDict

import msgspec
from msgspec import Struct

from console.world.feed import Shelf

MOST = 4000
"""Entries kept: 400 repositories with their facts, workflows and runs, and the jobs of what was looked at."""
MOST_BYTES = 32 * 1024 * 1024
"""Bytes kept; a run list of 50 takes about 4 kB."""
STRANGERS_S = 7 * 86_400.0
"""How long entries of another token stay on the shelf: a second account uses it too, a rotated token never again."""


class Kept(Struct, frozen=True, array_like=True):
    etag: str
    """As GitHub sent it, W/ and quotes too: it is compared by letters."""
    packed: bytes
    at: float
    """Seconds since 1970 when it was kept."""

    @property
    def body(self) -> bytes:
        return zlib.decompress(self.packed)


def fingerprint(token: str) -> str:
    """Names a token without giving it away."""
    return hashlib.sha256(b"quarterdeck etag " + token.encode()).hexdigest()[:16]


class ETags:
    """The entries of one host and token; the least recently used fall out first."""

    def __init__(
        self, shelf: Shelf, host: str, token: str, now: float, *, most: int = MOST, most_bytes: int = MOST_BYTES
    ) -> None:
        self._shelf = shelf
        self._prefix = f"{host} {fingerprint(token)} "
        self._most = most
        self._most_bytes = most_bytes
        self._bytes = 0
        self._kept: OrderedDict[str, Kept] = OrderedDict()
        for key, value in shelf.load().items():
            kept = _read(value)
            if kept is None:
                shelf.save(key, None)
            elif key.startswith(self._prefix):
                self._keep(key, kept)
            elif now - kept.at > STRANGERS_S:
                shelf.save(key, None)

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, url: str) -> Kept | None:
        key = self._prefix + url
        kept = self._kept.get(key)
        if kept is not None:
            self._kept.move_to_end(key)
        return kept

    def put(self, url: str, etag: str, body: bytes, now: float) -> None:
        kept = Kept(etag, zlib.compress(body, 1), now)
        self._keep(self._prefix + url, kept)
        self._shelf.save(self._prefix + url, msgspec.msgpack.encode(kept))

    def drop(self, url: str) -> None:
        self._forget(self._prefix + url)

    def _keep(self, key: str, kept: Kept) -> None:
        old = self._kept.pop(key, None)
        self._bytes += len(kept.packed) - (len(old.packed) if old else 0)
        self._kept[key] = kept
        while len(self._kept) > self._most or (self._bytes > self._most_bytes and len(self._kept) > 1):
            self._forget(next(iter(self._kept)))

    def _forget(self, key: str) -> None:
        old = self._kept.pop(key, None)
        if old is not None:
            self._bytes -= len(old.packed)
            self._shelf.save(key, None)


def _read(value: bytes) -> Kept | None:
    """An entry of the shelf, or None for one that an earlier version or a broken disk left behind."""
    try:
        kept = msgspec.msgpack.decode(value, type=Kept)
        zlib.decompress(kept.packed)
    except (msgspec.MsgspecError, zlib.error):
        return None
    return kept

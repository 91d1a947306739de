r"""A file of secrets, encrypted: argon2id or a key file, then AES-256-GCM.

    quarterdeck-vault\n
    {"version":1,"kdf":"argon2id","memory_kib":…,"passes":…,"lanes":…,"salt":…,"nonce":…,"check":…}\n
    ciphertext and tag of {"NAME":"VALUE",…}

Both lines are authenticated with the ciphertext, so that no bit of the file can be changed unnoticed. `check` tells a
wrong passphrase from a damaged file. Source: RFC 9106 (argon2), NIST SP 800-38D (GCM).
"""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

from console.settings.private_files import locked, read_bounded, write_private
from console.settings.stores import StoreName, Unusable

MAGIC = b"quarterdeck-vault\n"

LARGEST = 4_194_304
"""Bytes of a vault: 64 secrets of the largest size, thousands of usual ones."""

HIGHEST_MEMORY_KIB = 262_144
HIGHEST_PASSES = 16
HIGHEST_LANES = 16
"""What a header may ask for: a forged one must not take the machine's memory before its forgery shows."""


class Cost(Struct, frozen=True):
    """What one try of a passphrase costs."""

    memory_kib: int = 65_536
    passes: int = 3
    lanes: int = 4
    """RFC 9106's second recommendation: 64 MiB, three passes, four lanes; 0.1 s here."""


@dataclass(frozen=True, slots=True)
class VaultKey:
    """What opens the vault: a passphrase, or the content of a key file."""

    kind: Literal["argon2id", "key-file"]
    secret: bytes = field(repr=False)
    where: str = ""
    """Where it came from, for messages."""


class _Header(Struct, frozen=True, forbid_unknown_fields=True):
    version: int
    kdf: Literal["argon2id", "key-file"]
    memory_kib: int
    passes: int
    lanes: int
    salt: bytes
    nonce: bytes
    check: bytes


class Vault:
    """Secrets by name in one file. `key` is called when a passphrase or key is first needed; it may raise Unusable."""

    name: StoreName = "vault"

    def __init__(self, path: Path, key: Callable[[bool], VaultKey], cost: Cost | None = None) -> None:
        """`key` is told whether the vault is about to be made."""
        self.path = path
        self._ask_key = key
        self._known_key: VaultKey | None = None
        self._cost = cost or Cost()
        self._derived: dict[tuple[bytes, int, int, int], bytes] = {}

    @property
    def where(self) -> str:
        return f"vault {self.path}"

    def exists(self) -> bool:
        return os.path.lexists(self.path)

    def get(self, name: str) -> str | None:
        return self._open()[1].get(name) if self.exists() else None

    def names(self) -> list[str]:
        return sorted(self._open()[1]) if self.exists() else []

    def put(self, name: str, value: str) -> None:
        self._change(lambda kept: {**kept, name: value})

    def drop(self, name: str) -> bool:
        if self.get(name) is None:
            return False
        self._change(lambda kept: {one: value for one, value in kept.items() if one != name})
        return True

    def _change(self, edit: Callable[[dict[str, str]], dict[str, str]]) -> None:
        try:
            with locked(self.path):
                header, kept = self._open() if self.exists() else (self._new_header(), {})
                self._write(header, edit(kept))
        except OSError as exc:
            raise Unusable(f"{self.path} cannot be written ({exc.strerror})") from None

    def _new_header(self) -> _Header:
        kind = self._key(new=True).kind
        cost = self._cost if kind == "argon2id" else Cost(0, 0, 0)
        salt = os.urandom(16)
        return _Header(1, kind, cost.memory_kib, cost.passes, cost.lanes, salt, b"", b"")

    def _write(self, header: _Header, kept: dict[str, str]) -> None:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        master = self._master(header)
        # A new nonce each time: the key stays the same as long as the salt does.
        header = msgspec.structs.replace(header, nonce=os.urandom(12), check=_check(master))
        front = MAGIC + msgspec.json.encode(header) + b"\n"
        sealed = AESGCM(_cipher_key(master)).encrypt(header.nonce, msgspec.json.encode(kept), front)
        write_private(self.path, front + sealed)

    def _open(self) -> tuple[_Header, dict[str, str]]:
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        try:
            raw = read_bounded(self.path, LARGEST, private=False)
        except OSError as exc:
            raise Unusable(f"{self.path} cannot be read ({exc.strerror})") from None
        header, front = self._front(raw)
        master = self._master(header)
        if not hmac.compare_digest(header.check, _check(master)):
            came_from = self._key(new=False).where
            self._known_key = None
            self._derived.clear()
            raise Unusable(
                f"{self.path} does not open: the {_called(header.kdf)} is wrong, or the file's header was changed",
                f"the {_called(header.kdf)} came from {came_from}",
            )
        try:
            kept = AESGCM(_cipher_key(master)).decrypt(header.nonce, raw[len(front) :], front)
            return header, msgspec.json.decode(kept, type=dict[str, str])
        except (InvalidTag, ValueError):  # msgspec's errors are ValueErrors
            raise Unusable(
                f"{self.path} was changed or damaged: it does not fit its own seal", "restore it from a backup"
            ) from None

    def _front(self, raw: bytes) -> tuple[_Header, bytes]:
        end = raw.find(b"\n", len(MAGIC))
        damaged = Unusable(f"{self.path} is not a vault, or its header was damaged", "restore it from a backup")
        if not raw.startswith(MAGIC) or end < 0:
            raise damaged
        try:
            header = msgspec.json.decode(raw[len(MAGIC) : end], type=_Header)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise damaged from None
        if header.version != 1:
            raise Unusable(f"{self.path} has version {header.version}; this program knows version 1")
        if len(header.salt) != 16 or len(header.nonce) != 12 or not self._affordable(header):
            raise damaged
        return header, raw[: end + 1]

    def _key(self, *, new: bool) -> VaultKey:
        if self._known_key is None:
            self._known_key = self._ask_key(new)
        return self._known_key

    @staticmethod
    def _affordable(header: _Header) -> bool:
        if header.kdf == "key-file":
            return True
        return (
            1 <= header.lanes <= HIGHEST_LANES
            and 8 * header.lanes <= header.memory_kib <= HIGHEST_MEMORY_KIB
            and 1 <= header.passes <= HIGHEST_PASSES
        )

    def _master(self, header: _Header) -> bytes:
        kept_under = (header.salt, header.memory_kib, header.passes, header.lanes)
        if kept_under in self._derived:
            return self._derived[kept_under]
        key = self._key(new=False)
        if key.kind != header.kdf:
            raise Unusable(
                f"{self.path} opens with a {_called(header.kdf)}, and secrets.key_file is "
                f"{'set' if key.kind == 'key-file' else 'not set'}"
            )
        if key.kind == "key-file":
            master = hmac.digest(header.salt, key.secret, hashlib.sha256)
        else:
            from argon2.low_level import Type, hash_secret_raw

            master = hash_secret_raw(
                key.secret, header.salt, header.passes, header.memory_kib, header.lanes, 32, Type.ID
            )
        self._derived[kept_under] = master
        return master


def _called(kdf: str) -> str:
    return "passphrase" if kdf == "argon2id" else "key file"


def _cipher_key(master: bytes) -> bytes:
    return hmac.digest(master, b"quarterdeck vault cipher", hashlib.sha256)


def _check(master: bytes) -> bytes:
    return hmac.digest(master, b"quarterdeck vault check", hashlib.sha256)[:8]

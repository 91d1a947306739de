"""What a reference to a secret stands for, and where a secret is kept.

Looked for in this order: the environment, a systemd credential, the keyring, the vault, and a plain file only where
the settings ask for it in so many words. Where `keep` put a secret is remembered, so that among the last three it is
looked for there first.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from msgspec import Struct

from console import paths
from console.clock import Clock
from console.errors import ConsoleError
from console.settings import model
from console.settings.given import given
from console.settings.keyring_store import KeyringStore
from console.settings.plaintext import Plaintext
from console.settings.references import NAME_ALLOWED, checked_name, environment_name
from console.settings.secret_index import Place, SecretIndex
from console.settings.stores import VALUE_LIMIT, Found, Store, StoreName, Unusable
from console.settings.vault import Cost, Vault, VaultKey
from console.settings.vault_key import Ask, reachable, vault_key

__all__ = ["Dropped", "Found", "Kept", "SecretError", "Secrets", "StoreState"]


class SecretError(ConsoleError):
    """A secret cannot be resolved or kept. Neither text ever holds a value."""


class Kept(Struct, frozen=True):
    """One name, and where its value is. Never the value."""

    name: str
    where: str
    found: bool


class Dropped(Struct, frozen=True):
    """Where a secret was removed from."""

    gone: tuple[str, ...]
    unread: tuple[str, ...]
    """Stores that are there and could not be looked into: they may still have it."""


class StoreState(Struct, frozen=True):
    """Whether a store works here."""

    store: str
    works: bool
    detail: str
    hint: str = ""


class Secrets:
    """May be used from several threads. `resolve` is for the agent, the rest for a verb: it blocks."""

    def __init__(
        self,
        settings: model.Secrets | None = None,
        folder: Path | None = None,
        *,
        env: Mapping[str, str] = os.environ,
        ask: Ask | None = None,
        clock: Clock | None = None,
        cost: Cost | None = None,
    ) -> None:
        """`folder` is the state folder. `ask` reads a passphrase from a person; an agent has nobody to ask."""
        self._settings = settings or model.Secrets()
        self._env = env
        self._ask = ask
        folder = folder or paths.state_dir(env)
        vault = Path(self._settings.vault).expanduser() if self._settings.vault else folder / "vault"
        self.keyring = KeyringStore(env, clock)
        self.vault = Vault(vault, self._vault_key, cost)
        self.plaintext = Plaintext(folder / "secrets.plain.json", self._settings.plaintext)
        self._index = SecretIndex(folder / "secrets.index.json")
        self._stores: dict[StoreName, Store] = {
            "keyring": self.keyring,
            "vault": self.vault,
            "plaintext": self.plaintext,
        }
        self._lock = threading.Lock()
        self._pool: ThreadPoolExecutor | None = None

    async def resolve(self, ref: model.SecretRef) -> str:
        """The value. Raises SecretError, which says everywhere it was looked for and how to set it."""
        found = await asyncio.get_running_loop().run_in_executor(self._threads(), self.find, ref)
        return found.value

    def close(self) -> None:
        """Let the threads go. May be called twice."""
        with self._lock:
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(wait=False, cancel_futures=True)

    def find(self, name: str) -> Found:
        """The value and where it was. Blocks for at most some seconds. Raises SecretError."""
        name = self._checked(name)
        looked: list[str] = []
        found = given(name, self._env, looked)
        place = self._index.read().get(name)
        if found is None and place is not None and place.store == "keyring" and place.backend:
            self.keyring.use(place.backend)
        order = sorted(self._stores.values(), key=lambda store: place is None or store.name != place.store)
        hint = ""
        for store in order if found is None else []:
            try:
                value = store.get(name)
            except Unusable as unusable:
                looked.append(f"{store.where}: {unusable.why}")
                if place is not None and place.store == store.name:
                    hint = unusable.hint
                continue
            if value is not None:
                found = Found(value, store.where)
                break
            looked.append(f"{store.where}: has none of that name")
        if found is None:
            lines = "".join(f"\n    {where}" for where in looked)
            kept = f" It was last put into the {place.store}." if place else ""
            raise SecretError(
                f"secret:{name} was not found.{kept} Looked in:{lines}",
                f"To read it there: {hint}" if hint else f"Set it: quarterdeck secret set {name}",
            )
        return found

    def keep(self, name: str, value: str, into: StoreName | None = None) -> str:
        """Keep `value` in the first store that works, or in `into`; says where. Raises SecretError."""
        name = self._checked(name)
        if not value or len(value.encode(errors="surrogateescape")) > VALUE_LIMIT:
            raise SecretError(f"A secret has 1 to {VALUE_LIMIT} bytes; nothing was kept.")
        tried: list[str] = []
        hints: list[str] = []
        for store in [self._stores[into]] if into else self._writable():
            try:
                store.put(name, value)
            except Unusable as unusable:
                tried.append(f"{store.where}: {unusable.why}")
                hints.append(f"{store.name}: {unusable.hint}")
                continue
            self._remember(name, store)
            return store.where
        lines = "".join(f"\n    {line}" for line in tried)
        raise SecretError(
            f"secret:{name} could not be kept. Tried:{lines}",
            "; ".join(hint for hint in hints if not hint.endswith(": ")) or "See: quarterdeck secret doctor",
        )

    def drop(self, name: str) -> Dropped:
        """Remove it from every store that has it. Raises SecretError where none that can be read had it."""
        name = self._checked(name)
        place = self._index.read().get(name)
        if place is not None and place.store == "keyring" and place.backend:
            self.keyring.use(place.backend)
        gone: list[str] = []
        looked: list[str] = []
        unread: list[str] = []
        files = {"vault": self.vault.path, "plaintext": self.plaintext.path}
        for store in self._stores.values():
            if store is self.vault and not self.vault.exists():
                continue
            try:
                dropped = store.drop(name)
            except Unusable as unusable:
                looked.append(f"{store.where}: {unusable.why}")
                if (store is self.vault or store is self.plaintext) and os.path.lexists(files[store.name]):
                    unread.append(looked[-1])
                continue
            if dropped:
                gone.append(store.where)
            else:
                looked.append(f"{store.where}: has none of that name")
        if not gone:
            lines = "".join(f"\n    {line}" for line in looked)
            raise SecretError(f"secret:{name} was not removed. Looked in:{lines}", "See: quarterdeck secret list")
        try:
            self._index.note(name, None)
        except OSError as exc:
            raise SecretError(f"It is removed, but the index of names could not be written ({exc.strerror}).") from None
        return Dropped(tuple(gone), tuple(unread))

    def names(self, referred: Iterable[model.SecretRef] = ()) -> list[Kept]:
        """Every name that is known: kept here, or referred to in the settings. Blocks; asks nobody."""
        index = self._index.read()
        known = {*index, *referred}
        for store in (self.vault, self.plaintext):
            try:
                known.update(store.names())
            except Unusable:
                continue  # doctor says why; the index still knows what was put there
        kept = []
        for name in sorted(known):
            try:
                kept.append(Kept(name, self.find(name).where, found=True))
            except SecretError:
                place = index.get(name)
                kept.append(Kept(name, f"{place.store}, which cannot be read now" if place else "missing", found=False))
        return kept

    def doctor(self) -> list[StoreState]:
        """Which stores work here, and why not. Blocks for at most some seconds; asks nobody."""
        return [self._environment_state(), self._credential_state(), self._keyring_state(), *self._file_states()]

    def _environment_state(self) -> StoreState:
        prefix = environment_name("")
        names = sorted(name for name in self._env if name.startswith(prefix))
        detail = f"set: {', '.join(names)}" if names else f"no variable {prefix}NAME is set"
        return StoreState("environment", works=True, detail=detail)

    def _credential_state(self) -> StoreState:
        folder = self._env.get("CREDENTIALS_DIRECTORY")
        if not folder:
            hint = "LoadCredentialEncrypted= in the agent's unit"
            return StoreState("credential", works=False, detail="not started by systemd with credentials", hint=hint)
        try:
            names = sorted(path.name for path in Path(folder).iterdir())
        except OSError as exc:
            return StoreState("credential", works=False, detail=f"{folder} cannot be read ({exc.strerror})")
        return StoreState("credential", works=True, detail=f"there: {', '.join(names) or 'none'}")

    def _keyring_state(self) -> StoreState:
        try:
            return StoreState("keyring", works=True, detail=self.keyring.backend())
        except Unusable as unusable:
            hint = "a desktop session, or gnome-keyring with a D-Bus session; the vault needs neither"
            return StoreState("keyring", works=False, detail=unusable.why, hint=hint)

    def _file_states(self) -> list[StoreState]:
        states = []
        try:
            if self.vault.exists():
                detail = f"{self.vault.path} opens and holds {len(self.vault.names())}"
            else:
                key = self._vault_key(True)
                detail = f"{self.vault.path} will be made with {key.where}"
            states.append(StoreState("vault", works=True, detail=detail))
        except Unusable as unusable:
            states.append(StoreState("vault", works=False, detail=unusable.why, hint=unusable.hint))
        try:
            detail = f"{self.plaintext.path} holds {len(self.plaintext.names())}, NOT ENCRYPTED"
            states.append(StoreState("plaintext", works=True, detail=detail, hint="remove secrets.plaintext to end it"))
        except Unusable as unusable:
            states.append(StoreState("plaintext", works=False, detail=unusable.why, hint=unusable.hint))
        return states

    def _writable(self) -> list[Store]:
        """Never a plain file where there is a vault or a key for one: a wrong passphrase must not undo encryption."""
        has_key = self.vault.exists() or reachable(self._settings.key_file, self._env)
        return [self.keyring, self.plaintext if self.plaintext.on and not has_key else self.vault]

    def _remember(self, name: str, store: Store) -> None:
        backend = self.keyring.backend() if store is self.keyring else ""
        try:
            self._index.note(name, Place(store.name, backend))
        except OSError as exc:
            raise SecretError(
                f"secret:{name} is kept in the {store.where}, but the index of names could not be written "
                f"({exc.strerror}).",
                "Make the state folder writable, then set it again.",
            ) from None

    def _vault_key(self, new: bool) -> VaultKey:
        return vault_key(self._settings.key_file, self._env, self._ask, new=new)

    def _threads(self) -> ThreadPoolExecutor:
        with self._lock:
            if self._pool is None:
                # Two: a keyring that hangs for three seconds does not hold up a secret from the environment.
                self._pool = ThreadPoolExecutor(max_workers=2, thread_name_prefix="secrets")
            return self._pool

    @staticmethod
    def _checked(name: str) -> str:
        try:
            return str(checked_name(name))
        except ValueError:
            raise SecretError("That is not a name for a secret (it is not repeated here).", NAME_ALLOWED) from None

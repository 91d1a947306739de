"""The keyring, asked through a worker process that is killed when it does not answer."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping

import msgspec
from msgspec import Struct

from console.clock import Clock, SystemClock
from console.settings.stores import StoreName, Unusable

ANSWER_S = 3.0
"""A keyring that works answers in 0.2 s; one that waits for a prompt nobody sees never does."""

ASK_AGAIN_S = 60.0
"""After a failure the keyring is left alone for this long: it may be unlocked later, but each try may cost ANSWER_S."""

_HINT = "quarterdeck secret doctor says what works here"


class _Answer(Struct, frozen=True):
    error: str | None = None
    backend: str = ""
    value: str | None = None
    deleted: bool = False


class KeyringStore:
    """Remembers the backend that passed the probe for as long as it lives."""

    name: StoreName = "keyring"

    def __init__(self, env: Mapping[str, str] = os.environ, clock: Clock | None = None) -> None:
        # Secrets of ours that stand in the environment are none of a keyring backend's business.
        self._env = {key: value for key, value in env.items() if not key.startswith("QUARTERDECK_")}
        self._clock = clock or SystemClock()
        self._lock = threading.Lock()
        self._backend = ""
        self._failed: tuple[float, str] | None = None

    @property
    def where(self) -> str:
        return f"keyring ({self._backend})" if self._backend else "keyring"

    def backend(self) -> str:
        """The backend that was proved to keep and give back. Raises Unusable, saying why there is none."""
        with self._lock:
            if self._backend:
                return self._backend
            if self._failed and self._clock.monotonic() - self._failed[0] < ASK_AGAIN_S:
                raise Unusable(self._failed[1], _HINT)
            try:
                self._backend = self._ask({"op": "probe"}).backend
            except Unusable as unusable:
                self._failed = (self._clock.monotonic(), unusable.why)
                raise
            return self._backend

    def use(self, backend: str) -> None:
        """Trust this one without a probe: it kept a secret before, and another would not have it."""
        with self._lock:
            self._backend = self._backend or backend

    def get(self, name: str) -> str | None:
        return self._ask({"op": "get", "backend": self.backend(), "name": name}).value

    def put(self, name: str, value: str) -> None:
        self._ask({"op": "set", "backend": self.backend(), "name": name, "value": value})

    def drop(self, name: str) -> bool:
        return self._ask({"op": "delete", "backend": self.backend(), "name": name}).deleted

    def _ask(self, request: dict[str, str]) -> _Answer:
        # -P: a module in the current folder must not take the place of an installed one.
        with subprocess.Popen(
            [sys.executable, "-P", "-m", "console.settings.keyring_worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=self._env,
            start_new_session=True,  # no terminal to ask on, and one group to kill with what it started
        ) as worker:
            try:
                raw, _ = worker.communicate(msgspec.json.encode(request), timeout=ANSWER_S)
            except subprocess.TimeoutExpired:
                # With what it started. It has not been waited for, so the group is still its own.
                os.killpg(worker.pid, signal.SIGKILL)
                raise Unusable(
                    f"it did not answer within {ANSWER_S:.0f} s; a locked keyring waits for a prompt", _HINT
                ) from None
            except BaseException:
                os.killpg(worker.pid, signal.SIGKILL)
                raise
        try:
            answer = msgspec.json.decode(raw, type=_Answer)
        except msgspec.DecodeError:
            raise Unusable(f"its process ended without an answer (exit {worker.returncode})", _HINT) from None
        if answer.error is not None:
            raise Unusable(answer.error, _HINT)
        return answer

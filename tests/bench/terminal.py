"""A program in a pseudo-terminal of 120x40, its bytes counted and its picture known."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import termios
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Self

from tests.bench.painted import Painted

WIDTH, HEIGHT = 120, 40


class Terminal:
    """Ends its program when it is closed."""

    def __init__(self, argv: Sequence[str], env: Mapping[str, str], cwd: str | None = None) -> None:
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", HEIGHT, WIDTH, 0, 0))
        self.painted = Painted(WIDTH, HEIGHT)
        self.bytes = 0
        self.painted_at = 0.0
        """Monotonic, when the first readable text arrived."""
        self._news = threading.Condition()
        self._closing = False
        self.began = time.monotonic()
        self._program = subprocess.Popen(
            list(argv), stdin=slave, stdout=slave, stderr=slave, env=dict(env), cwd=cwd, start_new_session=True
        )
        os.close(slave)
        self.pid = self._program.pid
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def wait(self, seen: Callable[[Painted], object], within_s: float = 20.0) -> float:
        """When (seconds since 1970) the bytes arrived after which `seen(picture)` was true.

        Raises TimeoutError with what stands on the screen where it never is.
        """
        deadline = time.monotonic() + within_s
        with self._news:
            while not seen(self.painted):
                if not self._news.wait(deadline - time.monotonic()) and time.monotonic() >= deadline:
                    picture = "\n".join(row.rstrip() for row in self.painted.rows() if row.strip())
                    raise TimeoutError(f"not seen within {within_s:g} s; the screen shows:\n{picture}")
            return self._arrived

    def quiet(self, for_s: float = 2.0, within_s: float = 30.0) -> None:
        """Return once nothing has been written for `for_s`. Raises TimeoutError where it never stops."""
        deadline = time.monotonic() + within_s
        written, since = self.bytes, time.monotonic()
        while time.monotonic() - since < for_s:
            if time.monotonic() > deadline:
                raise TimeoutError(f"it still writes after {within_s:g} s")
            time.sleep(0.05)
            if self.bytes != written:
                written, since = self.bytes, time.monotonic()

    def press(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    def close(self) -> None:
        self._closing = True
        self._program.kill()
        self._program.wait()
        self._reader.join(5)
        os.close(self._master)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    _arrived = 0.0

    def _read(self) -> None:
        while True:
            try:
                data = os.read(self._master, 65536)
            except OSError:
                # EIO: the program has closed its end.
                return
            if not data:
                return
            monotonic, now = time.monotonic(), time.time()
            with self._news:
                self.bytes += len(data)
                self._arrived = now
                self.painted.feed(data)
                if self.painted.begun and not self.painted_at:
                    self.painted_at = monotonic
                self._news.notify_all()

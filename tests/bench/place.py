"""A home of its own with settings, an agent and screens on it; nothing of the developer's leaks in."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from console.client.connection import Connection
from tests.bench.figure import CannotMeasureError
from tests.bench.terminal import Terminal

ROOT = Path(__file__).parents[2]
QUARTERDECK = str(Path(sys.executable).with_name("quarterdeck"))


class Place:
    """`settings` is the text of the settings file."""

    def __init__(self, settings: str = "organisation: bench\n", environment: Mapping[str, str] | None = None) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="qd-bench-")
        self.folder = Path(self._folder.name)
        self.socket = self.folder / "a.sock"
        self.settings = self.folder / "quarterdeck.yaml"
        self.settings.write_text(settings, encoding="utf-8")
        self.environment = {
            "HOME": str(self.folder),
            "PATH": os.environ.get("PATH", ""),
            "TERM": "xterm-256color",
            "COLORTERM": "truecolor",
            "LANG": "C.UTF-8",
            "TZ": "UTC",
            # The checkout that the bench stands in, whatever is installed.
            "PYTHONPATH": str(ROOT),
            "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
            "QUARTERDECK_STATE_DIR": str(self.folder / "state"),
            "QUARTERDECK_SOCKET": str(self.socket),
            "QUARTERDECK_CONFIG": str(self.settings),
            **(environment or {}),
        }
        self._agents: list[subprocess.Popen[bytes]] = []

    def agent(self, *argv: str) -> int:
        """Start the real agent, or what `argv` runs in its place (`python -m ARGV`); its pid once it answers."""
        read, write = os.pipe()
        agent = subprocess.Popen(
            [sys.executable, "-m", *(argv or ("console", "agent"))],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            cwd=ROOT,
            env={**self.environment, "QUARTERDECK_READY_FD": str(write)},
            pass_fds=(write,),
            start_new_session=True,
        )
        self._agents.append(agent)
        os.close(write)
        with os.fdopen(read, "rb") as ready:
            if ready.read(1) != b"1":
                raise CannotMeasureError(f"the agent ended with {agent.wait(5)} before it answered")
        return agent.pid

    def records(self, topic: str) -> list[dict[str, object]]:
        """What the agent has of a topic."""
        with Connection(self.socket) as connection:
            found: list[dict[str, object]] = json.loads(connection.fetch("GET", f"/v1/world/{topic}"))
            return found

    def cursor(self) -> int:
        """How many changes the world has seen."""
        with Connection(self.socket) as connection:
            page = json.loads(next(connection.lines("/v1/world/stream", {"since": "", "topics": "agent"})))
        return int(page["cursor"].partition(".")[2])

    def until(
        self, condition: Callable[[Callable[[str], list[dict[str, object]]]], object], within_s: float = 60.0
    ) -> None:
        """Return once `condition(records)` is true; raises TimeoutError where it never is."""
        deadline = time.monotonic() + within_s
        while not condition(self.records):
            if time.monotonic() > deadline:
                raise TimeoutError(f"not so within {within_s:g} s: {self.records('sources')}")
            time.sleep(0.1)

    def screen(self, argv: Sequence[str] = (QUARTERDECK,)) -> Terminal:
        return Terminal(argv, self.environment, cwd=str(self.folder))

    def close(self) -> None:
        for agent in self._agents:
            agent.terminate()
            try:
                agent.wait(10)
            except subprocess.TimeoutExpired:
                agent.kill()
                agent.wait()
        self._folder.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

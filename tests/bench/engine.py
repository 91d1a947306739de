"""A Docker engine for the bench alone, in a network namespace of its own, with containers that can be killed."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.bench.figure import CannotMeasureError
from tests.stack.docker import IMAGE, PART, connect
from tests.stack.part import StartError


class BenchEngine:
    def __init__(self, folder: Path, url: str) -> None:
        self.url = url
        self.api = connect(folder)
        self.ids: dict[str, str] = {}
        """Name to full id."""

    def run(self, count: int) -> None:
        """`count` more containers that sleep; they end at once when they are told to."""
        config = self.api.create_host_config(network_mode="none")
        for number in range(len(self.ids), len(self.ids) + count):
            name = f"web-{number:03}"
            made = self.api.create_container(IMAGE, ["sleep", "100000"], name=name, host_config=config)
            self.api.start(made["Id"])
            self.ids[name] = made["Id"]

    def settings(self) -> str:
        return f"organisation: bench\ndocker: [{{name: eu1, url: '{self.url}'}}]\n"


@contextlib.contextmanager
def engine() -> Iterator[BenchEngine]:
    """A running engine. Raises CannotMeasureError with the reason where none can be had."""
    if reason := PART.missing():
        raise CannotMeasureError(reason)
    folder = Path(tempfile.mkdtemp(prefix="qd-bench-dockerd-"))
    try:
        facts = PART.start(folder, alone=True)
    except (StartError, OSError) as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise CannotMeasureError(f"no engine: {error}") from error
    found = BenchEngine(folder, facts["url"])
    try:
        yield found
    finally:
        found.api.close()
        PART.stop(folder, facts)
        shutil.rmtree(folder, ignore_errors=True)

"""A state folder that is full or cannot be written stops nothing: it is said, and what can be kept is kept."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from console.client.connection import Connection
from console.world.model import Notice
from tests.agent.running import agent, hosts, settings_file, until

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small file system needs root")


@contextlib.contextmanager
def mounted(folder: Path, *options: str) -> Iterator[Path]:
    folder.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", ",".join(options), "none", folder], capture_output=True
    ).returncode:
        pytest.skip("this sandbox does not mount a tmpfs")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def notices(path: Path) -> dict[str, Notice]:
    with Connection(path) as connection:
        return {n.id: n for n in msgspec.json.decode(connection.fetch("GET", "/v1/world/notices"), type=list[Notice])}


def test_an_agent_serves_without_a_folder_it_can_write(tmp_path, monkeypatch):
    settings = settings_file(tmp_path / "etc", hosts("eu1"))
    path = tmp_path / "a.sock"
    with mounted(tmp_path / "ro", "size=64k", "ro") as folder, agent(settings, folder, path):
        notice = until(lambda: notices(path).get("state"))
        assert notice.level == "error"
        assert "memory" in notice.hint or "QUARTERDECK_STATE_DIR" in notice.hint
        with Connection(path) as connection:
            assert b"web-1" in connection.fetch("GET", "/v1/world/containers")
        monkeypatch.setenv("QUARTERDECK_STATE_DIR", str(folder))
        done = subprocess.run(
            [sys.executable, "-m", "console", "--config", str(settings), "doctor", "--json"],
            capture_output=True,
            text=True,
            timeout=60,
        )
        checks = {c["what"]: c for c in json.loads(done.stdout)}
        assert done.returncode == 1
        assert checks["state folder"]["word"] == "failed"
        assert "Read-only" in checks["state folder"]["found"]
        assert checks["docker/eu1"]["word"] == "ok"


def test_a_disk_that_fills_up_is_said_and_made_up_for(tmp_path, monkeypatch):
    monkeypatch.setattr("console.agent.memory.SAVE_S", 0.2)
    monkeypatch.setattr("console.store.shelf.RETRY_S", 0.5)
    settings = settings_file(tmp_path / "etc", hosts("eu1"))
    path = tmp_path / "a.sock"
    with mounted(tmp_path / "small", "size=400k") as folder, agent(settings, folder, path):
        until(lambda: b"web-1" in _containers(path))
        filler = folder / "filler"
        with contextlib.suppress(OSError):
            filler.write_bytes(b"x" * 1_000_000)
        settings.write_text(hosts("eu1", *(f"eu{n}" for n in range(2, 60))))
        until(lambda: notices(path).get("state"))
        assert "full" in (notices(path)["state"].message + notices(path)["state"].hint)
        assert b"eu59/web-1" in _containers(path), "facts go on in memory"
        filler.unlink()
        until(lambda: "state" not in notices(path), 20)


def _containers(path: Path) -> bytes:
    with Connection(path) as connection:
        return connection.fetch("GET", "/v1/world/containers")

"""R1: three users of the operating system, one agent. Needs root, to become each of them."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import msgspec
import pytest

from console.client.connection import Connection
from console.errors import ConsoleError
from tests.agent.running import agent, forked, settings_file

OWNER, MEMBER, STRANGER, TEAM = 48_101, 48_102, 48_103, 48_100

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="becoming three users needs root")


@pytest.fixture
def place():
    """A folder that all three can pass through: pytest's own is root's alone."""
    with tempfile.TemporaryDirectory(prefix="qd-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        for part in ("state", "run"):
            (folder / part).mkdir()
            os.chown(folder / part, OWNER, TEAM)
        yield folder


def answer_as(uid: int, groups: tuple[int, ...], path: Path) -> dict:
    """What whoami says to a process of that user, or the refusal."""
    read, write = os.pipe()

    def work() -> int:
        try:
            with Connection(path) as connection:
                said = connection.fetch("GET", "/v1/whoami")
        except ConsoleError as error:
            said = msgspec.json.encode({"refused": error.message})
        os.write(write, said)
        return 0

    pid = forked(work, uid=uid, gid=uid, groups=groups)
    os.close(write)
    with os.fdopen(read, "rb") as answer:
        said = answer.read()
    os.waitpid(pid, 0)
    return msgspec.json.decode(said)


def can_list(uid: int, groups: tuple[int, ...], folder: Path) -> bool:
    def work() -> int:
        try:
            next(folder.iterdir(), None)
        except PermissionError:
            return 0
        return 1

    return os.waitstatus_to_exitcode(os.waitpid(forked(work, uid=uid, gid=uid, groups=groups), 0)[1]) == 1


def test_a_duty_agent_recognises_each_by_the_kernels_word(place, monkeypatch):
    monkeypatch.setattr("console.agent.protocol._gid", lambda _group: TEAM)
    settings = settings_file(place, "agent: {mode: duty, group: root}\n")
    settings.chmod(0o644)
    path = place / "run/agent.sock"
    with agent(settings, place / "state", path, rooms=(), uid=OWNER, gid=TEAM, groups=(TEAM,)):
        assert path.stat().st_mode & 0o777 == 0o660
        for uid in (OWNER, MEMBER):
            who = answer_as(uid, (TEAM,), path)
            assert who["uid"] == uid
            assert who["mode"] == "duty"
            assert who["refuses"] == []
        assert "may not use" in answer_as(STRANGER, (), path)["refused"]
        assert can_list(OWNER, (), place / "state")
        assert not can_list(MEMBER, (TEAM,), place / "state")
        assert not can_list(STRANGER, (), place / "state")


def test_a_personal_agent_serves_its_owner_alone(place):
    settings = settings_file(place, "agent: {mode: personal}\n")
    settings.chmod(0o644)
    path = place / "run/agent.sock"
    with agent(settings, place / "state", path, rooms=(), uid=OWNER, gid=OWNER):
        who = answer_as(OWNER, (), path)
        assert who["mode"] == "personal"
        assert "approval by a second person" in who["refuses"]
        assert "may not use" in answer_as(MEMBER, (TEAM,), path)["refused"]
        # The socket's mode does not stop root; the agent does.
        assert "refuses root" in answer_as(0, (), path)["refused"]
        path.parent.chmod(0o755)
        path.chmod(0o666)
        assert "personal agent of uid" in answer_as(MEMBER, (), path)["refused"]
        assert not can_list(STRANGER, (), place / "state")

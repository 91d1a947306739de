"""ssh:// hosts through a real sshd."""

from __future__ import annotations

import asyncio
import os
import signal
import stat
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from console.errors import SourceError
from console.fleet import tunnel
from tests.fleet.conftest import kit
from tests.stack import have

pytestmark = pytest.mark.stack


@pytest.fixture
def sshd(monkeypatch):
    facts = have("sshd")
    monkeypatch.setenv("PATH", f"{facts['path']}:{os.environ['PATH']}")
    return facts


def url(sshd, socket: str) -> str:
    return f"ssh://{sshd['user']}@{sshd['host']}:{sshd['port']}{socket}"


def parent_of(process: int) -> int:
    return int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])


def forwards() -> list[int]:
    """The ssh processes that this test process started, each behind its guard."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_bytes().split(b"\0")
                if words[0].endswith(b"ssh") and parent_of(parent_of(int(entry.name))) == os.getpid():
                    found.append(int(entry.name))
            except OSError:
                continue
    return found


async def test_one_forward_carries_list_events_and_logs(docker, hand, sshd):
    made = await hand.make("sh", "-c", "echo hello; sleep 99")
    k = kit(url(sshd, docker["url"].removeprefix("unix://")))
    async with k.running():
        await k.until(lambda: (c := k.container(made)) and c.started_at)
        [process] = forwards()
        assert b"\0-N\0" in Path(f"/proc/{process}/cmdline").read_bytes()
        socket = Path(k.feed._engine._tunnel.socket)
        assert stat.S_IMODE(socket.stat().st_mode) & 0o077 == 0
        assert stat.S_IMODE(socket.parent.stat().st_mode) == 0o700
        reader = k.feed.log(f"a/{made[:12]}", follow=False, tail=0, since=None)
        assert [line.text for batch in [b async for b in reader] for line in batch] == ["hello"]
        await hand.do("kill", made)
        await k.until(lambda: k.container(made).state == "exited")
    assert forwards() == []
    assert not socket.parent.exists()


async def test_a_forward_that_dies_is_a_failure_and_is_started_anew(docker, sshd):
    k = kit(url(sshd, docker["url"].removeprefix("unix://")))
    async with k.running() as task:
        os.kill(forwards()[0], signal.SIGKILL)
        done, _ = await asyncio.wait([task], timeout=5)
        assert done
        error = task.exception()
        assert isinstance(error, SourceError)
        assert error.kind == "unreachable"
    async with k.running():
        assert len(forwards()) == 1


@pytest.mark.parametrize("end", ["kill", "end by itself"])
def test_ssh_does_not_outlive_an_agent_that_was_killed(tmp_path, end):
    """A stand-in for ssh says its process id and stays, as `ssh -N` does; nobody is left to end it but the guard."""
    stand_in = f"echo $$ > {tmp_path}/pid.new; mv {tmp_path}/pid.new {tmp_path}/pid; exec sleep 600"
    if end != "kill":
        stand_in = f"{stand_in.partition('; exec')[0]}; exit 7"
    agent = (
        "import subprocess, sys; from console.guard import guarded;"
        f"p = subprocess.Popen(guarded(['sh', '-c', {stand_in!r}]), stdin=subprocess.PIPE);"
        "sys.exit(p.wait())"
    )
    process = subprocess.Popen([sys.executable, "-c", agent])
    try:
        wait_for((tmp_path / "pid").exists)
        pid = int((tmp_path / "pid").read_text())
        if end == "kill":
            assert Path(f"/proc/{pid}").exists()
            process.kill()
        assert process.wait(10) == (-signal.SIGKILL if end == "kill" else 7)
        wait_for(lambda: gone(pid))
    finally:
        process.kill()
        process.wait()


def gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def wait_for(condition, within_s: float = 10.0) -> None:
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


async def test_a_user_that_is_not_known_there(sshd):
    error = await kit(url({**sshd, "user": "nobody-we-know"}, "/run/docker.sock")).fails()
    assert error.kind == "refused"
    assert "Permission denied" in error.message
    assert error.hint.startswith("Try: ssh -p")


async def test_a_host_key_that_changed(sshd, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", f"{wrapper(tmp_path, sshd, 'UserKnownHostsFile=/dev/null')}:{os.environ['PATH']}")
    error = await kit(url(sshd, "/run/docker.sock")).fails()
    assert error.kind == "refused"
    assert "verification failed" in error.message


async def test_nobody_listens(sshd):
    error = await kit("ssh://127.0.0.1:1").fails()
    assert error.kind == "unreachable"
    assert "refused" in error.message


async def test_no_engine_on_the_other_side_is_said_in_the_words_of_ssh(sshd, tmp_path):
    error = await kit(url(sshd, f"{tmp_path}/none.sock"), timeout_s=3).fails()
    assert error.kind in ("unreachable", "protocol")
    assert "ssh says" in error.message
    assert "open failed" in error.message


async def test_a_login_that_hangs(sshd, tmp_path, monkeypatch):
    monkeypatch.setattr(tunnel, "OPEN_S", 0.3)
    slow = tmp_path / "bin"
    slow.mkdir()
    (slow / "ssh").write_text("#!/bin/sh\nexec sleep 60\n")
    (slow / "ssh").chmod(0o755)
    monkeypatch.setenv("PATH", f"{slow}:{os.environ['PATH']}")
    assert (await kit(url(sshd, "/run/docker.sock")).fails()).kind == "timeout"
    assert forwards() == []


async def test_no_ssh_at_all(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    before = set(Path(tempfile.gettempdir()).glob("qd-*"))
    error = await kit("ssh://127.0.0.1").fails()
    assert "openssh-client" in error.hint
    assert set(Path(tempfile.gettempdir()).glob("qd-*")) <= before


def wrapper(folder: Path, sshd, option: str) -> Path:
    """A folder with an `ssh` that has one more option, before all others: in ssh the first one counts."""
    folder = folder / "bin"
    folder.mkdir()
    real = f"{sshd['path']}/ssh"
    (folder / "ssh").write_text(f'#!/bin/sh\nexec {real} -o {option} -o IdentitiesOnly=yes "$@"\n')
    (folder / "ssh").chmod(0o755)
    return folder

"""The stack itself: started once, shared, and ended by the last who used it."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.stack import have, state
from tests.stack.part import StartError, alive, end, free_port, spawn, wait_ready


class Sleeper:
    """A part that is a mere process."""

    packages = ()

    def __init__(self) -> None:
        self.started = 0
        self.reason = ""

    def missing(self):
        return self.reason

    def start(self, folder):
        self.started += 1
        return {"pid": str(spawn(folder / "log", ["sleep", "1000"]))}


@pytest.fixture
def sleeper(tmp_path, monkeypatch):
    part = Sleeper()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(state, "part", lambda name: part)
    yield part
    state.stop("sleeper")


def test_two_at_once_start_it_once_and_the_last_user_ends_it(sleeper):
    with ThreadPoolExecutor(4) as pool:
        facts = list(pool.map(lambda _: state.ensure("sleeper", state.new_session()), range(4)))
    state.ensure("sleeper", state.KEPT)
    assert sleeper.started == 1
    pid = int(facts[0]["pid"])
    state.leave("sleeper", state.new_session())
    assert alive(pid)
    state.leave("sleeper", state.KEPT)
    assert not alive(pid)


def test_a_killed_part_is_started_anew(sleeper):
    first = state.ensure("sleeper")
    end(int(first["pid"]))
    assert state.ensure("sleeper")["pid"] != first["pid"]


def test_a_user_that_was_killed_keeps_nothing_alive(sleeper):
    gone = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    facts = state.ensure("sleeper", f"{int(gone.stdout)}.1")
    state.leave("sleeper", "somebody else")
    assert not alive(int(facts["pid"]))


def test_what_cannot_be_had_skips_and_fails_where_it_is_required(sleeper, monkeypatch):
    sleeper.reason = "not installed: sleeper"
    monkeypatch.delenv("STACK", raising=False)
    with pytest.raises(pytest.skip.Exception, match="sleeper: not installed: sleeper"):
        have("sleeper")
    monkeypatch.setenv("STACK", "required")
    with pytest.raises(pytest.fail.Exception, match="not installed"):
        have("sleeper")


def test_a_failed_start_is_tried_once_a_session(sleeper, monkeypatch):
    def broken(folder):
        sleeper.started += 1
        raise StartError("no")

    monkeypatch.setattr(sleeper, "start", broken)
    for _ in range(3):
        with pytest.raises(state.MissingError, match="no"):
            state.ensure("sleeper", "a")
    assert sleeper.started == 1


def test_somebody_elses_folder_is_refused(sleeper, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    link = tmp_path / f"quarterdeck-stack-{os.getuid()}"
    link.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(state.MissingError, match="not a private folder"):
        state.ensure("sleeper")
    link.unlink()


def test_a_server_that_ends_at_once_says_why(tmp_path):
    log = tmp_path / "log"
    pid = spawn(log, ["sh", "-c", "echo the reason >&2; exit 3"])
    with pytest.raises(StartError, match="the reason"):
        wait_ready(lambda: False, pid, log)
    assert free_port() > 1023

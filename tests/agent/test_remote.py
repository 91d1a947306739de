"""`--agent ssh://`: a duty agent behind a real sshd; who we are is the uid of that sshd session (R1)."""

from __future__ import annotations

import json
import os
import pwd
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.agent.running import agent, hosts, settings_file
from tests.stack import have
from tests.stack.sshd import Sshd

pytestmark = [pytest.mark.stack, pytest.mark.skipif(os.geteuid() != 0, reason="a second user needs root")]


@pytest.fixture
def duty(monkeypatch):
    """A duty agent whose group is nobody's, and the ssh of a user who has the key in place."""
    nobody = pwd.getpwnam("nobody")
    monkeypatch.setattr("console.agent.protocol._gid", lambda _group: nobody.pw_gid)
    have("sshd")
    with tempfile.TemporaryDirectory(prefix="qd-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "run").mkdir(mode=0o755)
        # One of our own: sshd reads the authorised keys as the user who logs in, and the shared one's folder is private.
        (folder / "sshd").mkdir(mode=0o755)
        sshd = Sshd().start(folder / "sshd")
        monkeypatch.setenv("PATH", f"{sshd['path']}:{os.environ['PATH']}")
        settings = settings_file(folder, hosts("eu1") + "agent: {mode: duty, group: root}\n")
        with agent(settings, folder / "state", folder / "run/agent.sock"):
            (folder / "run").chmod(0o755)
            yield f"ssh://{{user}}@127.0.0.1:{sshd['port']}{folder}/run/agent.sock"
        os.kill(int(sshd["pid"]), signal.SIGTERM)


def quarterdeck(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "console", *arguments], capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("user", ["root", "nobody"])
def test_the_agent_knows_each_by_the_ssh_session(duty, user):
    who = json.loads(quarterdeck("--agent", duty.format(user=user), "whoami", "--json").stdout)
    assert who["name"] == user
    assert who["mode"] == "duty"
    assert who["refuses"] == []


def test_a_thin_client_sees_the_far_world_and_leaves_no_forward_behind(duty, tmp_path):
    done = quarterdeck("--agent", duty.format(user="nobody"), "list", "containers", "--json")
    assert [c["id"] for c in json.loads(done.stdout)] == ["eu1/web-1"]
    assert not list((tmp_path / "state/run").glob("ssh-*"))


def test_an_ssh_that_fails_says_why_and_what_to_try(duty):
    done = quarterdeck("--agent", "ssh://nobody@127.0.0.1:1", "whoami")
    assert done.returncode == 3
    assert "Connection refused" in done.stderr
    assert "ssh 127.0.0.1" in done.stderr

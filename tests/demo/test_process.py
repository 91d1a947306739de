"""`python -m console.demo` as a process of its own, and its settings as a settings file."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import msgspec
import pytest

from console.demo.configuration import settings_yaml
from console.demo.servers import start
from console.errors import ConsoleError
from console.settings.load import load
from console.settings.model import DockerHost, Settings


def launch(*arguments: str, **options) -> tuple[subprocess.Popen[str], dict]:
    process = subprocess.Popen(
        [sys.executable, "-m", "console.demo", *arguments], stdout=subprocess.PIPE, text=True, **options
    )
    assert process.stdout is not None
    return process, json.loads(process.stdout.readline())


def gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def test_it_says_where_it_is_and_ends_on_sigterm_leaving_nothing():
    process, ready = launch("--repos", "6", "--containers", "12", "--panels", "5", "--hosts", "2")
    settings = Path(ready["settings"])
    assert settings.is_file()
    assert settings.parent.stat().st_mode & 0o777 == 0o700
    assert list(ready["docker"]) == ["eu1", "eu2"]
    assert httpx.get(f"{ready['alertmanager']}/-/healthy").status_code == 200
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0
    assert not settings.parent.exists()
    assert process.stdout is not None
    process.stdout.close()


def test_it_ends_when_its_parent_is_gone():
    script = "import subprocess, sys, os; p = subprocess.Popen([sys.executable, '-m', 'console.demo', '--repos', '2'], stdout=subprocess.PIPE, text=True); print(p.stdout.readline(), flush=True); os.kill(os.getpid(), 9)"
    parent = subprocess.run([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    pid = json.loads(parent.stdout)["pid"]
    deadline = time.monotonic() + 15
    while not gone(pid):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_wrong_options_are_usage():
    for options in (["--containers", "99999"], ["--hosts", "0"], ["--nonsense"]):
        done = subprocess.run([sys.executable, "-m", "console.demo", *options], capture_output=True, text=True)
        assert done.returncode == 2
        assert "usage" in done.stderr


@pytest.mark.parametrize("panels", [0, 1, 60, 500])
def test_the_settings_file_is_the_settings(tmp_path, panels):
    with start(repos=8, containers=10, panels=panels, alerts=50) as demo:
        path = tmp_path / "quarterdeck.yaml"
        path.write_text(demo.settings_yaml())
        assert msgspec.structs.replace(load(path, {}).settings, demo=True) == demo.settings
        assert demo.settings.demo
        assert demo.settings.organisation == "acme"
        assert len(demo.settings.panels) == len({p.name for p in demo.settings.panels}) == panels
        assert len(demo.settings.github[0].repositories) == 8


def test_a_name_that_looks_like_a_number_stays_a_name(tmp_path):
    given = Settings(organisation="08", docker=(DockerHost(name="1e3", url="unix:///d.sock"),))
    path = tmp_path / "quarterdeck.yaml"
    path.write_text(settings_yaml(given))
    assert load(path, {}).settings == given


def test_a_folder_of_ones_own_and_one_too_deep(tmp_path):
    folder = tmp_path / "sockets"
    with start(folder=folder, repos=1, containers=1, hosts=1) as demo:
        assert demo.docker["eu1"] == f"unix://{folder}/eu1.sock"
        assert (folder / "eu1.sock").exists()
    assert list(folder.iterdir()) == []
    with pytest.raises(ConsoleError, match="107"):
        start(folder=tmp_path / ("x" * 120), repos=1, containers=1)


def test_stopping_twice_does_nothing():
    demo = start(repos=1, containers=1)
    demo.stop()
    demo.stop()
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{demo.github}/rate_limit")

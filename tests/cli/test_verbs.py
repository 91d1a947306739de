"""The verbs, as a shell runs them, on an agent of the test's own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from console.cli import logs
from console.errors import ConsoleError
from console.pipelines.model import Job
from tests.agent.rooms import container
from tests.agent.running import agent, hosts, settings_file, until

NOW = 1_790_000_000.0


@pytest.fixture
def qd(tmp_path):
    """Runs a verb against an agent with two hosts; the environment names its socket."""
    settings = settings_file(tmp_path / "etc", hosts("eu1", "eu2"))
    path = tmp_path / "a.sock"
    with agent(settings, tmp_path / "state", path):

        def run(*arguments: str, **kwargs) -> subprocess.CompletedProcess[str]:
            return subprocess.run(
                [sys.executable, "-m", "console", *arguments], capture_output=True, text=True, timeout=60, **kwargs
            )

        yield run


def test_list_prints_a_table_and_the_worlds_own_json(qd):
    table = qd("list", "containers")
    assert table.returncode == 0, table.stderr
    assert table.stdout.splitlines()[0].split()[:3] == ["STATE", "HOST", "NAME"]
    records = json.loads(qd("list", "containers", "--json").stdout)
    assert [r["id"] for r in records] == ["eu1/web-1", "eu2/web-1"]
    assert {"host", "name", "image", "state", "health", "labels"} <= set(records[0])


def test_list_filters_with_the_screens_own_language(qd):
    assert [r["id"] for r in json.loads(qd("list", "containers", "--json", "--where", "host:eu2").stdout)] == [
        "eu2/web-1"
    ]
    wrong = qd("list", "containers", "--where", "hots:eu2")
    assert wrong.returncode == 2
    assert "host" in wrong.stderr
    assert "Traceback" not in wrong.stderr


def test_watch_prints_a_line_a_change_and_ends_with_its_reader(qd, tmp_path):
    watch = subprocess.Popen(
        [sys.executable, "-m", "console", "list", "containers", "--watch", "--json"], stdout=subprocess.PIPE, text=True
    )
    first = json.loads(watch.stdout.readline())
    assert first["topic"] == "containers"
    (tmp_path / "etc/quarterdeck.yaml").write_text(hosts("eu1", "eu3"))
    seen = [json.loads(watch.stdout.readline()) for _ in range(3)]
    assert {"topic": "containers", "id": "eu2/web-1", "record": None} in seen
    assert any(line["id"] == "eu3/web-1" for line in seen)
    watch.terminate()
    watch.stdout.close()
    assert watch.wait(10) != 0


def test_status_says_what_is_right_and_exits_0(qd):
    done = qd("status")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Nothing needs you" in done.stdout
    assert "docker/eu1" in done.stdout
    assert json.loads(qd("status", "--json").stdout)["needs"] == []


def test_logs_of_a_container_by_name(qd):
    done = qd("logs", "eu1/web-1", "-n", "2")
    assert done.stdout == "line 0\nline 1\n", done.stderr
    assert qd("logs", "web-1").returncode == 1, "web-1 is two things"
    missing = qd("logs", "eu1/web-2")
    assert missing.returncode == 1
    assert "eu1/web-1" in missing.stderr


def test_whoami_names_the_user_and_what_a_personal_agent_leaves_alone(qd):
    done = qd("whoami")
    assert f"uid {os.geteuid()}" in done.stdout
    assert "leaves alone" in done.stdout


def test_doctor_checks_each_source(qd, tmp_path):
    done = qd("--config", str(tmp_path / "etc/quarterdeck.yaml"), "doctor", "--json")
    checks = {c["what"]: c["word"] for c in json.loads(done.stdout)}
    assert checks["docker/eu1"] == "ok"
    assert checks["settings"] == "ok"
    assert checks["state folder"] == "ok"
    assert done.returncode == 0


def test_without_a_terminal_the_screen_is_a_summary(qd):
    done = qd()
    assert done.returncode == 0, done.stderr
    assert "\x1b" not in done.stdout
    assert "docker/eu1" in done.stdout


def test_a_reader_that_leaves_early_is_no_error(qd):
    done = subprocess.run(
        f"{sys.executable} -m console list containers | head -1", shell=True, capture_output=True, text=True, timeout=60
    )
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["lst"], 2, "Did you mean list"),
        (["list", "pods"], 2, "invalid choice"),
        (["--nonsense"], 2, "--nonsense"),
        (["--config", "/nonexistent.yaml", "config", "check"], 2, "/nonexistent.yaml"),
        (["--agent", "unix:///nonexistent/agent.sock", "status"], 3, "No agent answers"),
        (["--agent", "ftp://x", "status"], 3, "ssh://USER@HOST"),
    ],
)
def test_mistakes_have_their_exit_code_and_say_what_to_do(arguments, code, said):
    done = subprocess.run([sys.executable, "-m", "console", *arguments], capture_output=True, text=True, timeout=60)
    assert done.returncode == code, done.stderr
    assert said in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_a_verb_starts_a_personal_agent_and_finds_it_again(tmp_path, monkeypatch):
    settings = settings_file(tmp_path, "organisation: acme\nagent: {idle_exit: 1s}\n")
    monkeypatch.setenv("QUARTERDECK_CONFIG", str(settings))
    run = [sys.executable, "-m", "console", "list", "agent", "--json"]
    first = json.loads(subprocess.run(run, capture_output=True, text=True, check=True, timeout=60).stdout)
    second = json.loads(subprocess.run(run, capture_output=True, text=True, check=True, timeout=60).stdout)
    assert first[0]["organisation"] == "acme"
    assert first[0]["pid"] == second[0]["pid"]
    os.kill(first[0]["pid"], 15)
    until(lambda: not (tmp_path / "a.sock").exists())


def test_an_agent_that_cannot_start_says_why_with_exit_code_3(tmp_path, monkeypatch):
    settings = settings_file(tmp_path, "dokcer: []\n")
    monkeypatch.setenv("QUARTERDECK_CONFIG", str(settings))
    done = subprocess.run([sys.executable, "-m", "console", "status"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 3
    assert "dokcer" in done.stderr
    assert "docker" in done.stderr


def test_a_socket_path_that_is_too_long_is_said(monkeypatch, tmp_path):
    monkeypatch.setenv("QUARTERDECK_SOCKET", str(tmp_path / ("x" * 120)))
    done = subprocess.run([sys.executable, "-m", "console", "status"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert "107" in done.stderr
    assert "QUARTERDECK_SOCKET" in done.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="giving a folder away needs root")
def test_a_socket_that_somebody_else_put_there_is_not_used(tmp_path, monkeypatch):
    import socket

    folder = tmp_path / "theirs"
    folder.mkdir()
    os.chown(folder, 48_103, 48_103)
    monkeypatch.setenv("QUARTERDECK_SOCKET", str(folder / "agent.sock"))
    with socket.socket(socket.AF_UNIX) as theirs:
        theirs.bind(str(folder / "agent.sock"))
        theirs.listen()
        done = subprocess.run([sys.executable, "-m", "console", "status"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 3
    assert "48103" in done.stderr


@pytest.mark.parametrize("verb", [["status"], ["list", "containers"], ["doctor"]])
def test_a_frozen_agent_is_never_taken_for_a_quiet_one(verb, tmp_path, monkeypatch):
    settings = settings_file(tmp_path / "etc", hosts("eu1"))
    path = tmp_path / "a.sock"
    # In this process, so that the time-out can be shortened.
    from console.cli import main, settle

    monkeypatch.setattr(settle, "SETTLE_S", 0.5)
    monkeypatch.setattr(
        settle.settled_replica, "__kwdefaults__", {**settle.settled_replica.__kwdefaults__, "wait_s": 0.5}
    )
    with agent(settings, tmp_path / "state", path) as pid:
        os.kill(pid, signal.SIGSTOP)
        try:
            code = main.run(["--config", str(settings), *verb] if verb == ["doctor"] else verb)
        finally:
            os.kill(pid, signal.SIGCONT)
    assert code != 0


def test_nothing_is_imported_from_the_folder_one_stands_in(tmp_path, monkeypatch):
    poisoned = tmp_path / "poisoned"
    poisoned.mkdir()
    for name in ("msgspec", "uvicorn", "logging", "console"):
        (poisoned / f"{name}.py").write_text(
            f"open({str(tmp_path / 'ran')!r}, 'a').write('{name} ')\nraise SystemExit(9)\n"
        )
    monkeypatch.setenv("QUARTERDECK_CONFIG", str(settings_file(tmp_path, "agent: {idle_exit: 1s}\n")))
    done = subprocess.run(
        [sys.executable, "-P", "-m", "console", "whoami"], capture_output=True, text=True, timeout=60, cwd=poisoned
    )
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "ran").exists()


def test_the_settings_own_socket_is_where_verbs_go(tmp_path, monkeypatch):
    monkeypatch.delenv("QUARTERDECK_SOCKET")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    own = tmp_path / "own.sock"
    settings = settings_file(tmp_path / "etc", f"organisation: acme\nagent: {{idle_exit: 1s, socket: {own}}}\n")
    run = [sys.executable, "-m", "console", "--config", str(settings), "list", "agent", "--json"]
    first = json.loads(subprocess.run(run, capture_output=True, text=True, check=True, timeout=60).stdout)
    second = json.loads(subprocess.run(run, capture_output=True, text=True, check=True, timeout=60).stdout)
    assert own.exists()
    assert first[0]["pid"] == second[0]["pid"]
    os.kill(first[0]["pid"], signal.SIGTERM)
    until(lambda: not own.exists())


def test_an_agent_of_other_settings_is_refused_by_name(qd, tmp_path):
    other = settings_file(tmp_path / "other", "organisation: other\n")
    done = qd("--config", str(other), "status")
    assert done.returncode == 3
    assert str(tmp_path / "etc/quarterdeck.yaml") in done.stderr
    assert "QUARTERDECK_SOCKET" in done.stderr


@pytest.mark.parametrize(
    "url", ["ssh://h:abc", "ssh://[", "ssh://-oProxyCommand=x", "ssh://-x@h", "ssh://", "ssh://h:99999"]
)
def test_what_is_no_address_of_an_agent_is_said(url):
    done = subprocess.run(
        [sys.executable, "-m", "console", "--agent", url, "whoami"], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 3
    assert "ssh://USER@HOST" in done.stderr
    assert "Traceback" not in done.stderr


def test_without_ssh_one_is_told_to_install_it(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    done = subprocess.run(
        [sys.executable, "-m", "console", "--agent", "ssh://h", "whoami"], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 3
    assert "openssh-client" in done.stderr


def test_the_demo_served_ends_with_all_that_it_started(monkeypatch):
    # A short folder: pytest's own is too long for the path of a socket.
    folder = Path(tempfile.mkdtemp(prefix="qd"))
    monkeypatch.setenv("TMPDIR", str(folder))
    demo = subprocess.Popen(
        [sys.executable, "-m", "console", "demo", "--serve", "--repos", "2"], stdout=subprocess.PIPE, text=True
    )
    line = demo.stdout.readline()
    assert line.startswith("export QUARTERDECK_SOCKET=/")
    path = line.strip().removeprefix("export QUARTERDECK_SOCKET=")
    monkeypatch.setenv("QUARTERDECK_SOCKET", path)
    listed = subprocess.run(
        [sys.executable, "-m", "console", "list", "agent", "--json"], capture_output=True, text=True, timeout=60
    )
    (me,) = json.loads(listed.stdout)
    assert me["demo"] is True
    demo.terminate()
    assert demo.wait(20) == 0
    demo.stdout.close()
    with pytest.raises(ProcessLookupError):
        os.kill(me["pid"], 0)
    assert list(folder.iterdir()) == []
    folder.rmdir()


def test_a_name_finds_one_container_or_job():
    records = [
        container("web-1"),
        container("web-1", "eu2"),
        Job(id="acme/web/7", repository="acme/web", run="acme/web/1", run_id=1, job_id=7),
    ]
    assert logs.find("eu2/web-1", records) == ("containers", "eu2/web-1")
    assert logs.find("7", records) == ("jobs", "acme/web/7")
    with pytest.raises(ConsoleError, match="2 things"):
        logs.find("web-1", records)
    with pytest.raises(ConsoleError) as caught:
        logs.find("eu2/web-2", records)
    assert "eu2/web-1" in caught.value.hint


def test_times_need_a_zone_and_lie_in_the_past():
    assert logs.since_at("10m", NOW) == NOW - 600
    assert logs.since_at("2026-01-01T00:00+01:00", NOW) < NOW
    for wrong in ("2026-01-01T00:00", "yesterday", "2099-01-01T00:00Z"):
        with pytest.raises(ConsoleError) as caught:
            logs.since_at(wrong, NOW)
        assert caught.value.exit_code == 2


def test_a_time_is_echoed_in_the_operators_zone_and_in_utc(monkeypatch):
    """R42"""
    monkeypatch.setenv("TZ", "Asia/Kolkata")
    time.tzset()
    try:
        assert logs._both_zones(1_790_000_000.0) == "2026-09-21 19:43:20 IST (14:13:20 UTC)"
    finally:
        monkeypatch.undo()
        time.tzset()

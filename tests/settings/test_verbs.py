"""`quarterdeck config` and `quarterdeck secret`, as the dispatcher runs them; a value comes out nowhere."""

import argparse
import io
import json
import logging
import os
import pty
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from console.cli import config, secret
from console.errors import ConsoleError
from console.paths import data_dir
from console.settings.problems import SettingsError
from tests.settings import backends

VALUE = "s3cret-value-never-shown"
GOOD = "docker:\n  - name: here\n    url: ssh://here\ngithub:\n  - token: secret:github/acme\n"


def run(module, *arguments, file=None):
    parser = argparse.ArgumentParser()
    module.add(parser)
    args = parser.parse_args([str(one) for one in arguments])
    args.config = str(file) if file else None
    return module.run(args)


@pytest.fixture
def settings(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "quarterdeck.yaml"
    path.write_text(GOOD)
    return path


@pytest.fixture
def typed(monkeypatch):
    """What standard input gives, as a pipe."""

    def give(text):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode() if isinstance(text, str) else text)))

    return give


@pytest.fixture
def passphrase(monkeypatch):
    monkeypatch.setenv("QUARTERDECK_VAULT_PASSPHRASE", "correct horse")


class TestConfig:
    def test_check_says_fine(self, settings, capsys):
        assert run(config, "check") == 0
        assert capsys.readouterr().out == "quarterdeck.yaml: fine\n"

    def test_check_lists_every_problem_and_exits_2(self, settings, capsys, tmp_path):
        bad = tmp_path / "bad.yaml"
        bad.write_text("dockr: []\nui: {glyphs: asci}\nagent: {mode: duty}\n")
        assert run(config, "check", bad) == 2
        out, err = capsys.readouterr()
        assert [line.split(": ")[0] for line in out.splitlines()] == ["bad.yaml:1", "bad.yaml:2", "bad.yaml:3"]
        assert err == "3 problems\n"
        assert run(config, "check", "--json", file=bad) == 2
        assert [one["path"] for one in json.loads(capsys.readouterr().out)] == ["dockr", "ui.glyphs", "agent.group"]

    def test_check_without_a_file_says_where_it_looked(self, capsys, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        assert run(config, "check") == 0
        assert "/etc/quarterdeck/config.yaml" in capsys.readouterr().out

    def test_show_is_yaml_and_json_of_everything_in_effect(self, settings, capsys):
        assert run(config, "show") == 0
        shown = yaml.safe_load(capsys.readouterr().out)
        assert shown["docker"][0] == {
            "name": "here",
            "url": "ssh://here",
            "environment": "",
            "tls": None,
            "timeout": "10s",
        }
        assert shown["github"][0]["token"] == "secret:github/acme"
        assert run(config, "show", "--json") == 0
        assert json.loads(capsys.readouterr().out) == shown

    def test_show_with_provenance(self, settings, capsys, monkeypatch):
        monkeypatch.setenv("QUARTERDECK_SOCKET", "/run/q.sock")
        assert run(config, "show", "--provenance") == 0
        lines = {line.split()[0]: line.split()[-1] for line in capsys.readouterr().out.splitlines()}
        assert lines["docker[0].url"] == "quarterdeck.yaml:3"
        assert lines["docker[0].timeout"] == "default"
        assert lines["agent.socket"] == "$QUARTERDECK_SOCKET"
        assert run(config, "show", "--provenance", "--json") == 0
        told = json.loads(capsys.readouterr().out)
        assert told["docker[0].url"] == {"value": "ssh://here", "from": "quarterdeck.yaml:3"}

    def test_show_of_a_bad_file_is_an_error(self, settings):
        settings.write_text("ui: 5")
        with pytest.raises(SettingsError):
            run(config, "show")

    def test_schema_is_the_committed_file_byte_for_byte(self, capsysbinary):
        assert run(config, "schema") == 0
        assert capsysbinary.readouterr().out == (data_dir("config") / "quarterdeck.schema.json").read_bytes()

    def test_path(self, settings, capsys, tmp_path, monkeypatch):
        assert run(config, "path") == 0
        assert capsys.readouterr().out.strip() == str(settings)
        settings.unlink()
        with pytest.raises(ConsoleError, match="There is no settings file") as caught:
            run(config, "path")
        assert caught.value.exit_code == 1


class TestSecret:
    def test_set_list_and_rm(self, settings, typed, passphrase, capsys):
        typed(VALUE + "\n")
        assert run(secret, "set", "github/acme") == 0
        assert run(secret, "list") == 0
        out = capsys.readouterr().out
        assert "secret:github/acme is kept in the vault" in out
        assert out.splitlines()[-1].split()[0] == "github/acme"
        assert out.splitlines()[-1].split()[-1] == "github[0].token"
        assert run(secret, "list", "--json") == 0
        (told,) = json.loads(capsys.readouterr().out)
        assert (told["name"], told["found"], told["used_by"]) == ("github/acme", True, ["github[0].token"])
        assert run(secret, "rm", "github/acme") == 0
        assert "is removed from the vault" in capsys.readouterr().out
        assert run(secret, "list") == 1
        assert "missing" in capsys.readouterr().out

    def test_a_value_reads_back_as_it_was_given(self, settings, typed, passphrase):
        from console.settings.secrets import Secrets

        pem = "-----BEGIN KEY-----\nabc\n-----END KEY-----"
        for given, kept in ((f"{VALUE}\n", VALUE), (f"{VALUE}\r\n", VALUE), (f"{pem}\n", pem), (" a b ", " a b ")):
            typed(given)
            run(secret, "set", "x")
            assert Secrets().find("x").value == kept

    @pytest.mark.parametrize("given", ["", "\n", b"\xff\xfe", "x" * 70_000])
    def test_a_value_that_is_none(self, settings, typed, passphrase, given):
        typed(given)
        with pytest.raises(ConsoleError, match=r"nothing was kept|Nothing was kept"):
            run(secret, "set", "x")

    def test_a_value_given_as_the_name_is_refused_and_not_repeated(self, settings, typed, passphrase):
        typed(VALUE)
        with pytest.raises(ConsoleError) as caught:
            run(secret, "set", VALUE + " ")
        assert VALUE not in str(caught.value)
        assert caught.value.exit_code == 2

    def test_a_value_on_the_command_line_is_refused_and_not_repeated(self, settings, typed, passphrase, capfd):
        typed("")
        with pytest.raises(ConsoleError, match="does not belong on a command line") as caught:
            run(secret, "set", "x", VALUE, "more")
        out, err = capfd.readouterr()
        assert VALUE not in str(caught.value) + out + err
        assert caught.value.exit_code == 2

    def test_a_settings_file_with_problems_elsewhere_does_not_stop_it(self, settings, typed, passphrase, capsys):
        settings.write_text(GOOD + "ui: 5\n")
        typed(VALUE)
        assert run(secret, "set", "github/acme") == 0
        settings.write_text("secrets: {vualt: x}\n")
        with pytest.raises(SettingsError, match="did you mean vault"):
            run(secret, "list")

    def test_an_environment_variable_that_goes_first_is_told(self, settings, typed, passphrase, capsys, monkeypatch):
        monkeypatch.setenv("QUARTERDECK_SECRET_X", "other")
        typed(VALUE)
        run(secret, "set", "x")
        assert "$QUARTERDECK_SECRET_X has one of that name too" in capsys.readouterr().err

    def test_the_plain_file_is_said_to_be_one(self, settings, typed, capsys):
        settings.write_text("secrets: {plaintext: i-know-this-is-not-encrypted}\n")
        typed(VALUE)
        assert run(secret, "set", "x") == 0
        assert "NOT ENCRYPTED" in capsys.readouterr().err

    def test_doctor(self, settings, capsys, monkeypatch):
        assert run(secret, "doctor") == 1
        out, err = capsys.readouterr()
        assert [line.split()[1] for line in out.splitlines() if not line.startswith(" ")] == [
            "environment",
            "credential",
            "keyring",
            "vault",
            "plaintext",
        ]
        assert "without being asked" in err
        monkeypatch.setenv("QUARTERDECK_VAULT_PASSPHRASE", "correct horse")
        assert run(secret, "doctor", "--json") == 0
        told = json.loads(capsys.readouterr().out)
        assert [one["works"] for one in told] == [True, False, False, True, False]

    def test_no_value_in_output_logs_or_errors_of_any_verb(self, settings, typed, passphrase, capfd, caplog):
        caplog.set_level(logging.DEBUG)
        typed(VALUE)
        run(secret, "set", "github/acme")
        for arguments in (["list"], ["list", "--json"], ["doctor"], ["doctor", "--json"]):
            run(secret, *arguments)
        run(config, "show", "--provenance")
        run(secret, "rm", "github/acme")
        out, err = capfd.readouterr()
        assert "github/acme" in out
        assert VALUE not in out + err + caplog.text


def test_the_whole_command_shows_no_value_to_the_process_table(settings, tmp_path):
    """/proc/PID/cmdline and environ of the verb and of every child, watched while a keyring keeps the value."""
    folder = tmp_path / "path"
    folder.mkdir()
    slow = backends.GOOD.replace("    def _all(self):", "    def _all(self):\n        import time; time.sleep(0.05)")
    (folder / "fakering.py").write_text(slow)
    env = os.environ | {
        "PYTHONPATH": str(folder),
        "PYTHON_KEYRING_BACKEND": "fakering.Keyring",
        "TEST_KEYRING_FILE": str(tmp_path / "kept.json"),
    }
    with subprocess.Popen(
        [sys.executable, "-m", "console", "secret", "set", "github/acme"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=env,
    ) as verb:
        verb.stdin.write(VALUE.encode())
        verb.stdin.close()
        seen = set()
        while verb.poll() is None:
            for pid in descendants(verb.pid):
                for what in ("cmdline", "environ"):
                    try:
                        seen.add(Path(f"/proc/{pid}/{what}").read_bytes())
                    except OSError:
                        continue  # it ended meanwhile
            time.sleep(0.002)
        out = verb.stdout.read().decode()
    assert verb.returncode == 0, out
    assert "kept in the keyring (fakering.Keyring)" in out
    assert json.loads((tmp_path / "kept.json").read_text()) == {"github/acme": VALUE}
    assert any(b"keyring_worker" in text for text in seen)
    assert not any(VALUE.encode() in text for text in seen)
    assert VALUE not in out


def test_a_value_typed_at_a_terminal_is_not_echoed(settings, tmp_path):
    env = os.environ | {"QUARTERDECK_VAULT_PASSPHRASE": "correct horse"}
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(sys.executable, [sys.executable, "-m", "console", "secret", "set", "x"], env)
    shown = b""
    while b"(not shown)" not in shown:
        shown += os.read(terminal, 1000)
    os.write(terminal, VALUE.encode() + b"\n")
    try:
        while part := os.read(terminal, 1000):
            shown += part
    except OSError:
        pass  # a terminal whose last process ended reads as an error
    os.close(terminal)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert b"is kept in the vault" in shown
    assert VALUE.encode() not in shown


def descendants(pid):
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        children = []
    return [pid, *(below for child in children for below in descendants(int(child)))]

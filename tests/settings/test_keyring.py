"""A headless keyring raises, discards or hangs: none of the three loses a secret or holds anybody up."""

import os
import time
from pathlib import Path

import pytest

from console.settings.keyring_store import ANSWER_S, ASK_AGAIN_S, KeyringStore
from console.settings.stores import Unusable
from tests.clock import FakeClock
from tests.settings import backends

VALUE = "s3cret-value-never-shown"


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Make a source text the keyring backend of the worker; returns the worker's environment."""

    def write(source, name="fakering"):
        folder = tmp_path / "path"
        folder.mkdir(exist_ok=True)
        (folder / f"{name}.py").write_text(source)
        monkeypatch.setenv("PYTHONPATH", str(folder))
        monkeypatch.setenv("PYTHON_KEYRING_BACKEND", f"{name}.Keyring")
        monkeypatch.setenv("TEST_KEYRING_FILE", str(tmp_path / "kept.json"))
        return dict(os.environ)

    return write


def test_a_keyring_that_works_is_proved_and_used(install, tmp_path):
    store = KeyringStore(install(backends.GOOD))
    assert store.backend() == "fakering.Keyring"
    assert (tmp_path / "kept.json").read_text() == "{}"
    assert store.get("github/acme") is None
    store.put("github/acme", VALUE)
    assert store.get("github/acme") == VALUE
    assert store.drop("github/acme") is True
    assert store.drop("github/acme") is False
    assert store.where == "keyring (fakering.Keyring)"


@pytest.mark.parametrize(
    ("source", "why"),
    [
        (backends.DISCARDS, "discards"),
        (backends.RAISES, "RuntimeError"),
        (backends.ASKS, "it failed with"),
        (backends.DIES, "exit 7"),
        (backends.WEAK, "priority is below 1"),
        ("import nothing_of_that_name", "it failed with"),
    ],
)
def test_a_keyring_that_does_not_keep_is_not_trusted(install, source, why):
    store = KeyringStore(install(source))
    with pytest.raises(Unusable) as caught:
        store.put("github/acme", VALUE)
    assert why in caught.value.why
    assert VALUE not in f"{caught.value.why} {caught.value.hint}"


@pytest.mark.parametrize("name", ["keyring.backends.fail.Keyring", "keyring.backends.null.Keyring"])
def test_the_backends_that_are_none_are_refused(name):
    with pytest.raises(Unusable):
        KeyringStore({**os.environ, "PYTHON_KEYRING_BACKEND": name}).backend()


def test_a_keyring_that_keeps_another_value_is_noticed_when_it_is_set(install):
    store = KeyringStore(install(backends.FORGETS))
    store.backend()
    with pytest.raises(Unusable, match="did not keep"):
        store.put("github/acme", VALUE)


def test_a_keyring_that_hangs_is_killed_with_its_children_and_not_asked_again_for_a_while(install, tmp_path):
    pids = tmp_path / "pids"
    clock = FakeClock()
    store = KeyringStore(install(backends.HANGS.format(pids=str(pids))), clock)
    before = time.monotonic()
    with pytest.raises(Unusable, match="did not answer within 3 s"):
        store.backend()
    assert time.monotonic() - before < ANSWER_S + 2
    (child,) = map(int, pids.read_text().split())
    assert gone(child)
    before = time.monotonic()
    with pytest.raises(Unusable, match="did not answer"):
        store.get("github/acme")
    assert time.monotonic() - before < 0.5


async def test_after_a_while_it_is_asked_again(install):
    env = install(backends.RAISES)
    clock = FakeClock()
    store = KeyringStore(env, clock)
    with pytest.raises(Unusable):
        store.backend()
    install(backends.GOOD)
    with pytest.raises(Unusable):
        store.backend()
    await clock.advance(ASK_AGAIN_S + 1)
    assert store.backend() == "fakering.Keyring"


def test_the_value_is_on_no_command_line_and_in_no_environment(install, monkeypatch, tmp_path):
    """What the worker can be seen with while it works: its argv and its environment."""
    spy = backends.GOOD.replace(
        "    def _all(self):",
        "    def _all(self):\n"
        f"        with open({str(tmp_path / 'seen')!r}, 'ab') as seen:\n"
        "            for what in ('cmdline', 'environ'):\n"
        "                with open(f'/proc/{os.getpid()}/{what}', 'rb') as own:\n"
        "                    seen.write(own.read())",
    )
    env = install(spy) | {"QUARTERDECK_SECRET_OTHER": VALUE, "QUARTERDECK_VAULT_PASSPHRASE": VALUE}
    store = KeyringStore(env)
    store.put("github/acme", VALUE)
    assert store.get("github/acme") == VALUE
    seen = (tmp_path / "seen").read_bytes()
    assert b"keyring_worker" in seen
    assert VALUE.encode() not in seen


def test_a_module_in_the_current_folder_is_not_taken_for_keyring(install, tmp_path, monkeypatch):
    env = install(backends.GOOD)
    monkeypatch.chdir(tmp_path)
    Path("keyring.py").write_text("raise SystemExit('hijacked')")
    Path("json.py").write_text("raise SystemExit('hijacked')")
    assert KeyringStore(env).backend() == "fakering.Keyring"


def gone(pid):
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return True
        if state == "Z":
            return True
        time.sleep(0.01)
    return False

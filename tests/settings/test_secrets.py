"""A reference is looked for in one order, found where it was put, and never told to anybody else."""

import logging
import os
import stat
import traceback

import pytest

from console.settings import model
from console.settings.github_token import github_token
from console.settings.model import GitHub, SecretRef
from console.settings.plaintext import IN_SO_MANY_WORDS
from console.settings.secrets import Found, SecretError, Secrets
from console.settings.vault import Cost
from tests.settings import backends

VALUE = "s3cret-value-never-shown"
CHEAP = Cost(memory_kib=64, passes=1, lanes=1)


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "state"


@pytest.fixture
def with_keyring(tmp_path, monkeypatch):
    path = tmp_path / "path"
    path.mkdir()
    (path / "fakering.py").write_text(backends.GOOD)
    monkeypatch.setenv("PYTHONPATH", str(path))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "fakering.Keyring")
    monkeypatch.setenv("TEST_KEYRING_FILE", str(tmp_path / "kept.json"))


def secrets(folder, settings=None, passphrase="correct horse", **env):
    extra = {"QUARTERDECK_VAULT_PASSPHRASE": passphrase} if passphrase else {}
    return Secrets(settings, folder, env={**os.environ, **extra, **env}, cost=CHEAP)


def test_the_order_is_environment_credential_keyring_vault_plain_file(folder, tmp_path, with_keyring):
    settings = model.Secrets(plaintext=IN_SO_MANY_WORDS)
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    (credentials / "github-acme").write_text("from systemd\n")
    env = {"QUARTERDECK_SECRET_GITHUB_ACME": "from env", "CREDENTIALS_DIRECTORY": str(credentials)}
    fill = secrets(folder, settings)
    for store in ("keyring", "vault", "plaintext"):
        fill.keep("github/acme", f"from {store}", store)
    (folder / "secrets.index.json").unlink()
    found = []
    for remove in (
        lambda: env.pop("QUARTERDECK_SECRET_GITHUB_ACME"),
        lambda: env.pop("CREDENTIALS_DIRECTORY"),
        lambda: fill.keyring.drop("github/acme"),
        lambda: fill.vault.drop("github/acme"),
        lambda: fill.plaintext.drop("github/acme"),
    ):
        found.append(secrets(folder, settings, **env).find("github/acme"))
        remove()
    assert [one.value for one in found] == ["from env", "from systemd", "from keyring", "from vault", "from plaintext"]
    assert [one.where for one in found] == [
        "$QUARTERDECK_SECRET_GITHUB_ACME",
        "credential github-acme",
        "keyring (fakering.Keyring)",
        f"vault {folder / 'vault'}",
        f"plain file {folder / 'secrets.plain.json'}",
    ]
    with pytest.raises(SecretError):
        secrets(folder, settings).find("github/acme")


def test_where_it_was_last_put_is_where_it_is_looked_for_first(folder, with_keyring):
    """A keyring that is unlocked later must not bring an old value back."""
    secrets(folder).keep("github/acme", "old", "keyring")
    secrets(folder).keep("github/acme", "new", "vault")
    assert secrets(folder).find("github/acme").value == "new"


def test_a_keyring_that_does_not_work_gives_way_to_the_vault(folder):
    assert secrets(folder).keep("github/acme", VALUE) == f"vault {folder / 'vault'}"
    assert secrets(folder).find("github/acme").value == VALUE


def test_the_plain_file_only_in_so_many_words(folder):
    with pytest.raises(SecretError):
        secrets(folder, passphrase="").keep("a", VALUE)
    with pytest.raises(SecretError, match="not switched on"):
        secrets(folder).keep("a", VALUE, "plaintext")
    assert not (folder / "secrets.plain.json").exists()
    settings = model.Secrets(plaintext=IN_SO_MANY_WORDS)
    assert secrets(folder, settings, passphrase="").keep("a", VALUE).startswith("plain file")
    assert stat.S_IMODE((folder / "secrets.plain.json").stat().st_mode) == 0o600
    (folder / "secrets.plain.json").chmod(0o644)
    with pytest.raises(SecretError, match="may be read by others"):
        secrets(folder, settings, passphrase="").find("a")
    (folder / "secrets.plain.json").chmod(0o600)
    with pytest.raises(SecretError, match="not switched on"):
        secrets(folder, passphrase="").find("a")


def test_what_is_not_found_says_everywhere_it_was_looked_for_and_the_command(folder):
    with pytest.raises(SecretError) as caught:
        secrets(folder, passphrase="").find("github/acme")
    text = str(caught.value)
    for place in ("QUARTERDECK_SECRET_GITHUB_ACME", "systemd credentials", "keyring", "vault", "plain file"):
        assert place in text
    assert "quarterdeck secret set github/acme" in text


def test_a_vault_that_does_not_open_says_so(folder):
    secrets(folder).keep("github/acme", VALUE)
    with pytest.raises(SecretError, match="the passphrase is wrong") as caught:
        secrets(folder, passphrase="wrong wrong").find("github/acme")
    assert "last put into the vault" in str(caught.value)


async def test_resolve_gives_the_value_from_a_thread(folder):
    store = secrets(folder, QUARTERDECK_SECRET_A=VALUE)
    assert await store.resolve(SecretRef("a")) == VALUE
    with pytest.raises(SecretError):
        await store.resolve(SecretRef("b"))
    store.close()
    store.close()


def test_remove_takes_it_out_of_every_store(folder, with_keyring):
    settings = model.Secrets(plaintext=IN_SO_MANY_WORDS)
    store = secrets(folder, settings)
    for into in ("keyring", "vault", "plaintext"):
        store.keep("a", VALUE, into)
    assert len(store.drop("a").gone) == 3
    with pytest.raises(SecretError):
        secrets(folder, settings).find("a")
    with pytest.raises(SecretError, match="was not removed"):
        secrets(folder, settings).drop("a")


def test_remove_says_which_store_could_not_be_looked_into(folder, with_keyring):
    secrets(folder).keep("a", VALUE, "vault")
    secrets(folder).keep("a", VALUE, "keyring")
    dropped = secrets(folder, passphrase="wrong wrong").drop("a")
    assert dropped.gone == ("keyring (fakering.Keyring)",)
    assert "the passphrase is wrong" in dropped.unread[0]


def test_a_wrong_passphrase_does_not_undo_encryption(folder):
    settings = model.Secrets(plaintext=IN_SO_MANY_WORDS)
    secrets(folder).keep("a", VALUE)
    with pytest.raises(SecretError, match="the passphrase is wrong"):
        secrets(folder, settings, passphrase="wrong wrong").keep("b", VALUE)
    assert not (folder / "secrets.plain.json").exists()


def test_names_tell_where_and_what_is_missing(folder):
    secrets(folder).keep("b", VALUE)
    kept = secrets(folder, QUARTERDECK_SECRET_C=VALUE).names([SecretRef("a"), SecretRef("c")])
    assert [(one.name, one.where, one.found) for one in kept] == [
        ("a", "missing", False),
        ("b", f"vault {folder / 'vault'}", True),
        ("c", "$QUARTERDECK_SECRET_C", True),
    ]
    (locked,) = secrets(folder, passphrase="").names()
    assert (locked.name, locked.where, locked.found) == ("b", "vault, which cannot be read now", False)


def test_doctor_says_which_stores_work_and_why_not(folder, with_keyring, tmp_path):
    states = {state.store: state for state in secrets(folder, CREDENTIALS_DIRECTORY=str(tmp_path)).doctor()}
    assert list(states) == ["environment", "credential", "keyring", "vault", "plaintext"]
    assert [state.works for state in states.values()] == [True, True, True, True, False]
    assert states["keyring"].detail == "fakering.Keyring"
    states = {state.store: state for state in secrets(folder, passphrase="", PYTHON_KEYRING_BACKEND="null.x").doctor()}
    assert [state.works for state in states.values()] == [True, False, False, False, False]
    assert all(state.detail for state in states.values())


@pytest.mark.parametrize("name", ["", "a b", "../x", "a/../b", "a//b", "/a", "a/", "x" * 121, "ä", "a\nb"])
def test_a_name_that_is_none_is_refused_without_repeating_it(folder, name):
    with pytest.raises(SecretError) as caught:
        secrets(folder).keep(name, VALUE)
    if len(name) > 3:
        assert name not in str(caught.value)


@pytest.mark.parametrize("value", ["", "x" * 70_000])
def test_a_value_that_is_none_is_refused(folder, value):
    with pytest.raises(SecretError, match="1 to 65536 bytes"):
        secrets(folder).keep("a", value)


def test_a_state_folder_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SecretError, match="cannot be written"):
        secrets(tmp_path / "file" / "state").keep("a", VALUE)


def test_a_damaged_index_costs_nothing(folder):
    secrets(folder).keep("a", VALUE)
    (folder / "secrets.index.json").write_bytes(b"\xff{")
    assert secrets(folder).find("a").value == VALUE


def test_found_does_not_show_its_value():
    found = Found(VALUE, "keyring")
    assert VALUE not in f"{found} {found!r} {[found]}"


def test_a_value_stays_out_of_output_logs_and_tracebacks(folder, capfd, caplog, monkeypatch):
    caplog.set_level(logging.DEBUG)

    def full(handle):
        raise OSError(28, "No space left on device")

    store = secrets(folder)
    store.keep("a", VALUE)
    store.find("a")
    monkeypatch.setattr("console.settings.private_files.os.fsync", full)
    try:
        store.keep("a", VALUE + "2")
    except SecretError:
        text = traceback.format_exc()
    out, err = capfd.readouterr()
    assert "could not be kept" in text
    assert VALUE not in out + err + caplog.text + text


class TestGitHubToken:
    """GH_TOKEN, GITHUB_TOKEN, gh; the token of one host is never given to another."""

    @pytest.fixture
    def gh(self, tmp_path):
        def write(body):
            folder = tmp_path / "bin"
            folder.mkdir(exist_ok=True)
            (folder / "gh").write_text(f"#!/bin/sh\n{body}\n")
            (folder / "gh").chmod(0o755)
            return {"PATH": f"{folder}:/usr/bin:/bin"}

        return write

    @pytest.mark.parametrize(
        ("api_url", "env", "where"),
        [
            ("https://api.github.com", {"GH_TOKEN": "a", "GITHUB_TOKEN": "b"}, "$GH_TOKEN"),
            ("https://api.github.com", {"GITHUB_TOKEN": "b"}, "$GITHUB_TOKEN"),
            ("https://api.github.com", {"GH_TOKEN": " ", "GITHUB_TOKEN": "b"}, "$GITHUB_TOKEN"),
            ("https://api.acme.ghe.com", {"GH_TOKEN": "a"}, "$GH_TOKEN"),
            ("https://ghes.example.com/api/v3", {"GH_ENTERPRISE_TOKEN": "a"}, "$GH_ENTERPRISE_TOKEN"),
            ("https://ghes.example.com/api/v3", {"GITHUB_ENTERPRISE_TOKEN": "a"}, "$GITHUB_ENTERPRISE_TOKEN"),
        ],
    )
    def test_from_the_environment(self, api_url, env, where):
        assert github_token(GitHub(api_url=api_url), env).where == where

    def test_a_token_of_github_com_does_not_go_to_another_server(self, gh):
        env = gh('echo "${GH_TOKEN}${GITHUB_TOKEN}"') | {"GH_TOKEN": VALUE, "GITHUB_TOKEN": VALUE}
        with pytest.raises(SecretError) as caught:
            github_token(GitHub(api_url="https://ghes.example.com/api/v3"), env)
        assert VALUE not in str(caught.value)
        assert "GH_ENTERPRISE_TOKEN is not set" in str(caught.value)

    def test_from_gh_of_that_host(self, gh):
        env = gh(f'[ "$*" = "auth token --hostname ghes.example.com" ] && echo {VALUE}')
        found = github_token(GitHub(api_url="https://ghes.example.com/api/v3"), env)
        assert (found.value, found.where) == (VALUE, "gh auth token --hostname ghes.example.com")

    @pytest.mark.parametrize(
        ("body", "why"),
        [
            ("echo no oauth token >&2; exit 1", "not logged in"),
            ("echo two words", "no token"),
            ("exit 0", "no token"),
            ("sleep 600 & sleep 600", "did not answer within"),
        ],
    )
    def test_a_gh_that_has_none(self, gh, body, why, monkeypatch):
        monkeypatch.setattr("console.settings.github_token.ANSWER_S", 0.5)
        with pytest.raises(SecretError, match=why) as caught:
            github_token(GitHub(), gh(body))
        assert "gh auth login --hostname github.com" in caught.value.hint

    def test_without_gh(self, tmp_path):
        with pytest.raises(SecretError, match="gh is not installed"):
            github_token(GitHub(), {"PATH": str(tmp_path)})

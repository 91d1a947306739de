"""The vault opens for the right key alone, and notices every change."""

import json
import stat
import threading

import pytest

from console.settings.stores import Unusable
from console.settings.vault import MAGIC, Cost, Vault, VaultKey
from console.settings.vault_key import vault_key

VALUE = "s3cret-value-never-shown"
CHEAP = Cost(memory_kib=64, passes=1, lanes=1)


def passphrase(text="correct horse"):
    return lambda new: VaultKey("argon2id", text.encode(), "the test")


def vault(path, key=None):
    return Vault(path, key or passphrase(), CHEAP)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "state" / "vault"


def test_what_is_put_is_there_for_the_next_one(path):
    first = vault(path)
    assert first.get("a") is None
    assert not path.exists()
    first.put("github/acme", VALUE)
    first.put("b", "grüße\nzwei")
    second = vault(path)
    assert second.get("github/acme") == VALUE
    assert second.get("b") == "grüße\nzwei"
    assert second.names() == ["b", "github/acme"]
    assert second.drop("b") is True
    assert second.drop("b") is False
    assert vault(path).names() == ["github/acme"]


def test_the_file_is_private_and_shows_neither_names_nor_values(path):
    vault(path).put("github/acme", VALUE)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    raw = path.read_bytes()
    assert VALUE.encode() not in raw
    assert b"acme" not in raw
    assert raw.startswith(MAGIC)


def test_each_write_has_a_nonce_of_its_own(path):
    one = vault(path)
    nonces = set()
    for number in range(8):
        one.put("a", str(number))
        nonces.add(json.loads(path.read_bytes().split(b"\n")[1])["nonce"])
    assert len(nonces) == 8


def test_the_usual_cost_is_what_the_rfc_recommends(path):
    Vault(path, passphrase()).put("a", VALUE)
    header = json.loads(path.read_bytes().split(b"\n")[1])
    assert (header["kdf"], header["memory_kib"], header["passes"], header["lanes"]) == ("argon2id", 65_536, 3, 4)


def test_a_wrong_passphrase_is_said_to_be_wrong_and_can_be_tried_again(path):
    vault(path).put("a", VALUE)
    tries = iter(["wrong wrong", "correct horse"])
    other = vault(path, lambda new: VaultKey("argon2id", next(tries).encode(), "the test"))
    with pytest.raises(Unusable, match="the passphrase is wrong") as caught:
        other.get("a")
    assert "wrong wrong" not in f"{caught.value.why} {caught.value.hint}"
    assert "the test" in caught.value.hint
    assert other.get("a") == VALUE


def test_every_byte_of_the_file_is_under_the_seal(path):
    vault(path).put("a", VALUE)
    whole = path.read_bytes()
    for position in range(len(whole)):
        path.write_bytes(whole[:position] + bytes([whole[position] ^ 1]) + whole[position + 1 :])
        with pytest.raises(Unusable) as caught:
            vault(path).get("a")
        assert VALUE not in caught.value.why
        assert str(path) in caught.value.why, position


@pytest.mark.parametrize("keep", [0, 1, len(MAGIC), len(MAGIC) + 20, -1, -17])
def test_a_shortened_file_is_noticed(path, keep):
    vault(path).put("a", VALUE)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(Unusable):
        vault(path).get("a")


def test_a_lengthened_file_is_noticed(path):
    vault(path).put("a", VALUE)
    path.write_bytes(path.read_bytes() + b"\0")
    with pytest.raises(Unusable, match="changed or damaged"):
        vault(path).get("a")


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("version", 2, "version 2"),
        ("memory_kib", 2**31, "header was damaged"),
        ("passes", 10_000_000, "header was damaged"),
        ("lanes", 0, "header was damaged"),
        ("kdf", "none", "header was damaged"),
        ("kdf", "key-file", "opens with a key file"),
        ("salt", "AAAA", "header was damaged"),
        ("nonce", "AAAA", "header was damaged"),
        ("extra", 1, "header was damaged"),
    ],
)
def test_a_forged_header_is_refused_before_it_costs_anything(path, key, value, said):
    vault(path).put("a", VALUE)
    magic, header, sealed = path.read_bytes().split(b"\n", 2)
    path.write_bytes(magic + b"\n" + json.dumps({**json.loads(header), key: value}).encode() + b"\n" + sealed)
    with pytest.raises(Unusable, match=said):
        vault(path).get("a")


def test_the_header_is_under_the_seal_even_where_it_means_the_same(path):
    vault(path).put("a", VALUE)
    magic, header, sealed = path.read_bytes().split(b"\n", 2)
    path.write_bytes(b"\n".join([magic, header.replace(b",", b", "), sealed]))
    with pytest.raises(Unusable, match="changed or damaged"):
        vault(path).get("a")


def test_the_sealed_part_of_another_vault_does_not_fit(path, tmp_path):
    vault(path).put("a", VALUE)
    vault(tmp_path / "other").put("a", "else")
    front = path.read_bytes().split(b"\n", 2)[:2]
    sealed = (tmp_path / "other").read_bytes().split(b"\n", 2)[2]
    path.write_bytes(b"\n".join([*front, sealed]))
    with pytest.raises(Unusable, match="changed or damaged"):
        vault(path).get("a")


def test_a_change_that_cannot_be_written_leaves_the_old_vault(path, monkeypatch):
    vault(path).put("a", VALUE)
    before = path.read_bytes()

    def full(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("console.settings.private_files.os.fsync", full)
    with pytest.raises(Unusable, match="No space left on device"):
        vault(path).put("a", "new")
    assert path.read_bytes() == before
    assert sorted(one.name for one in path.parent.iterdir()) == [".vault.lock", "vault"]


def test_two_writers_lose_nothing(path):
    def write(first):
        for number in range(10):
            vault(path).put(f"{first}{number}", VALUE)

    threads = [threading.Thread(target=write, args=(first,)) for first in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(vault(path).names()) == 20


def key_file(tmp_path, content=b"k" * 32, mode=0o600):
    file = tmp_path / "key"
    file.write_bytes(content)
    file.chmod(mode)
    return file


def test_a_key_file_opens_it(path, tmp_path):
    file = key_file(tmp_path)
    vault(path, lambda new: vault_key(str(file), {}, None, new=new)).put("a", VALUE)
    assert vault(path, lambda new: vault_key(str(file), {}, None, new=new)).get("a") == VALUE
    other = key_file(tmp_path, b"x" * 32)
    with pytest.raises(Unusable, match="key file is wrong"):
        vault(path, lambda new: vault_key(str(other), {}, None, new=new)).get("a")
    with pytest.raises(Unusable, match=r"secrets\.key_file is not set"):
        vault(path).get("a")


@pytest.mark.parametrize(
    ("content", "mode", "why", "hint"),
    [
        (b"k" * 32, 0o640, "may be read by others", "chmod 600"),
        (b"k" * 31, 0o600, "fewer than 32 bytes", "urandom"),
        (b"k" * 5000, 0o600, "longer than", ""),
    ],
)
def test_a_key_file_that_is_none(tmp_path, content, mode, why, hint):
    with pytest.raises(Unusable) as caught:
        vault_key(str(key_file(tmp_path, content, mode)), {}, None, new=False)
    assert why in caught.value.why
    assert hint in caught.value.hint


def test_a_key_file_that_is_missing_says_how_to_make_one(tmp_path):
    with pytest.raises(Unusable, match="does not exist") as caught:
        vault_key(str(tmp_path / "none"), {}, None, new=False)
    assert "umask 077" in caught.value.hint


def test_the_passphrase_comes_from_the_credential_then_the_environment_then_a_person(tmp_path):
    (tmp_path / "quarterdeck-vault").write_text("from systemd\n")
    env = {"CREDENTIALS_DIRECTORY": str(tmp_path), "QUARTERDECK_VAULT_PASSPHRASE": "from env"}
    assert vault_key("", env, None, new=False).secret == b"from systemd"
    (tmp_path / "quarterdeck-vault").unlink()
    assert vault_key("", env, None, new=False).secret == b"from env"
    assert vault_key("", {}, lambda prompt: "typed it", new=False).secret == b"typed it"
    with pytest.raises(Unusable, match="nothing here gives"):
        vault_key("", {}, None, new=False)


def test_a_new_passphrase_is_asked_for_twice_and_is_not_too_short():
    typed = iter(["long enough", "long enougg", "short"])
    with pytest.raises(Unusable, match="differ"):
        vault_key("", {}, lambda prompt: next(typed), new=True)
    with pytest.raises(Unusable, match="fewer than 8"):
        vault_key("", {}, lambda prompt: next(typed), new=True)
    assert "long" not in repr(vault_key("", {}, lambda prompt: "long enough", new=True))

"""Where the vault's key comes from: the key file, a systemd credential, the environment, or a person."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from console.settings.private_files import TooOpenError, read_bounded
from console.settings.stores import Unusable
from console.settings.vault import VaultKey

CREDENTIAL = "quarterdeck-vault"
VARIABLE = "QUARTERDECK_VAULT_PASSPHRASE"

SHORTEST = 8
"""Characters of a new passphrase: fewer are found by trying, whatever one try costs."""

Ask = Callable[[str], str]
"""Shows a prompt, reads without echo."""


def vault_key(key_file: str, env: Mapping[str, str], ask: Ask | None, *, new: bool) -> VaultKey:
    """The key, from the first place that has one. Raises Unusable, which names all of them."""
    if key_file:
        return _from_file(Path(key_file).expanduser())
    if folder := env.get("CREDENTIALS_DIRECTORY"):
        credential = Path(folder) / CREDENTIAL
        if credential.exists():
            try:
                raw = read_bounded(credential, 4096, private=False)
            except OSError as exc:
                raise Unusable(f"the credential {CREDENTIAL} cannot be read ({exc.strerror})") from None
            return _passphrase(raw.decode(errors="surrogateescape"), f"the credential {CREDENTIAL}")
    if given := env.get(VARIABLE):
        return _passphrase(given, f"${VARIABLE}")
    if ask is None:
        raise Unusable(
            "nothing here gives its passphrase",
            f"set secrets.key_file, the systemd credential {CREDENTIAL} or ${VARIABLE}; at a terminal it is asked for",
        )
    if not new:
        return _passphrase(ask("Passphrase of the vault: "), "what was typed")
    first = ask(f"New passphrase for the vault (at least {SHORTEST} characters): ")
    if len(first) < SHORTEST:
        raise Unusable(f"the passphrase has fewer than {SHORTEST} characters")
    if ask("The same again: ") != first:
        raise Unusable("the two passphrases differ")
    return _passphrase(first, "what was typed")


def reachable(key_file: str, env: Mapping[str, str]) -> bool:
    """Whether a key is to be had without asking anybody."""
    folder = env.get("CREDENTIALS_DIRECTORY")
    return bool(key_file or env.get(VARIABLE) or (folder and (Path(folder) / CREDENTIAL).exists()))


def _passphrase(text: str, where: str) -> VaultKey:
    text = text.rstrip("\r\n")
    if not text:
        raise Unusable("its passphrase is empty", f"it came from {where}")
    return VaultKey("argon2id", text.encode(errors="surrogateescape"), where)


def _from_file(path: Path) -> VaultKey:
    try:
        raw = read_bounded(path, 4096, private=True)
    except FileNotFoundError:
        raise Unusable(
            f"its key file {path} does not exist", f"(umask 077; head -c 32 /dev/urandom > {path})"
        ) from None
    except TooOpenError:
        raise Unusable(f"its key file {path} may be read by others", f"chmod 600 {path}") from None
    except OSError as exc:
        raise Unusable(f"its key file {path} cannot be read ({exc.strerror})") from None
    if len(raw) < 32:
        raise Unusable(f"its key file {path} has fewer than 32 bytes", f"head -c 32 /dev/urandom > {path}")
    return VaultKey("key-file", raw, str(path))

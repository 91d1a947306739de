"""Secrets that are handed in: by the environment, or by systemd as credentials.

Source: systemd.exec(5), LoadCredentialEncrypted=; a credential is a file in $CREDENTIALS_DIRECTORY.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from console.settings.private_files import read_bounded
from console.settings.references import credential_name, environment_name
from console.settings.stores import VALUE_LIMIT, Found


def given(name: str, env: Mapping[str, str], looked: list[str]) -> Found | None:
    """The value that is handed in, or None; `looked` gets a line for each place that has none."""
    variable, credential = environment_name(name), credential_name(name)
    if value := env.get(variable, "").rstrip("\r\n"):
        return Found(value, f"${variable}")
    looked.append(f"environment: {variable} is not set")
    folder = env.get("CREDENTIALS_DIRECTORY")
    if not folder:
        looked.append("systemd credentials: there are none ($CREDENTIALS_DIRECTORY is not set)")
        return None
    try:
        raw = read_bounded(Path(folder) / credential, VALUE_LIMIT, private=False)
        value = raw.decode().rstrip("\r\n")
    except FileNotFoundError:
        looked.append(f"systemd credentials: none is called {credential}")
        return None
    except OSError as exc:
        looked.append(f"systemd credentials: {credential} cannot be read ({exc.strerror})")
        return None
    except UnicodeDecodeError:
        looked.append(f"systemd credentials: {credential} is not a text")
        return None
    if value:
        return Found(value, f"credential {credential}")
    looked.append(f"systemd credentials: {credential} is empty")
    return None

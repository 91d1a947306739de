"""Where things lie: state folder, socket, settings. The environment decides, then XDG."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from console.errors import ConsoleError

SOCKET_PATH_LIMIT = 107
"""Bytes of a Unix socket's path that Linux takes (sun_path, unix(7))."""


def state_dir(env: Mapping[str, str] = os.environ) -> Path:
    if given := env.get("QUARTERDECK_STATE_DIR"):
        return Path(given)
    return Path(env.get("XDG_STATE_HOME") or _home(env) / ".local/state") / "quarterdeck"


def socket_path(env: Mapping[str, str] = os.environ) -> Path:
    """The agent's socket. Raises ConsoleError where the path is longer than the system takes."""
    if given := env.get("QUARTERDECK_SOCKET"):
        path = Path(given)
    else:
        # Without a login session there is no XDG_RUNTIME_DIR; the state folder is private to the user too.
        runtime = env.get("XDG_RUNTIME_DIR")
        path = Path(runtime) / "quarterdeck/agent.sock" if runtime else state_dir(env) / "run/agent.sock"
    return checked_socket(path)


def checked_socket(path: Path) -> Path:
    if len(os.fsencode(path)) > SOCKET_PATH_LIMIT:
        raise ConsoleError(
            f"The socket path is {len(os.fsencode(path))} bytes long; the system takes {SOCKET_PATH_LIMIT}: {path}",
            "Set QUARTERDECK_SOCKET to a shorter path, for example /tmp/$USER-quarterdeck/agent.sock.",
        )
    return path


def settings_candidates(env: Mapping[str, str] = os.environ) -> list[Path]:
    """Where settings are looked for, first wins; $QUARTERDECK_CONFIG is an order and must exist."""
    if given := env.get("QUARTERDECK_CONFIG"):
        return [Path(given)]
    config_home = Path(env.get("XDG_CONFIG_HOME") or _home(env) / ".config")
    return [Path("quarterdeck.yaml"), config_home / "quarterdeck/config.yaml", Path("/etc/quarterdeck/config.yaml")]


def data_dir(kind: str) -> Path:
    """The packaged folder `themes` or `config`: in the wheel beside the code, in a checkout at its top."""
    here = Path(__file__).parent
    packaged = here / "_data" / kind
    return packaged if packaged.is_dir() else here.parent / kind


def _home(env: Mapping[str, str]) -> Path:
    return Path(env.get("HOME") or Path.home())

"""The GitHubs that this user is logged in to."""

from __future__ import annotations

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from msgspec import Struct

from console.settings.github_token import github_token
from console.settings.model import GitHub
from console.settings.private_files import read_bounded
from console.settings.secrets import SecretError
from console.text import clean

HOSTS_LIMIT = 1_048_576
MOST_HOSTS = 4
"""Asked side by side; gh may take its time for each."""


class Login(Struct, frozen=True):
    host: str
    where: str = ""
    """Where a token was found; empty where there is none."""
    why: str = ""


def github_hosts(env: Mapping[str, str] = os.environ) -> list[Login]:
    """github.com first, then the hosts that gh knows. The tokens themselves are let go of at once."""
    hosts = list(dict.fromkeys(["github.com", *_known_to_gh(env)]))[:MOST_HOSTS]
    with ThreadPoolExecutor(max_workers=MOST_HOSTS, thread_name_prefix="discover-gh") as pool:
        return list(pool.map(lambda host: _login(host, env), hosts))


def api_url(host: str) -> str:
    """Where the API of a GitHub is."""
    if host == "github.com":
        return "https://api.github.com"
    return f"https://api.{host}" if host.endswith(".ghe.com") else f"https://{host}/api/v3"


def _login(host: str, env: Mapping[str, str]) -> Login:
    try:
        return Login(host, where=github_token(GitHub(api_url=api_url(host)), env).where)
    except SecretError as error:
        return Login(host, why=f"no token: {error.hint.split(', or ')[0]}")


def _known_to_gh(env: Mapping[str, str]) -> list[str]:
    """The keys of gh's hosts.yml; what stands below them may be a token and is not looked at."""
    folder = env.get("GH_CONFIG_DIR") or (
        Path(env.get("XDG_CONFIG_HOME") or Path(env.get("HOME") or Path.home()) / ".config") / "gh"
    )
    try:
        text = read_bounded(Path(folder) / "hosts.yml", HOSTS_LIMIT, private=False).decode(errors="replace")
    except OSError:
        return []
    tops = [line for line in text.splitlines() if line[:1].isalnum() and ":" in line]
    return [clean(line.rstrip().removesuffix(":"), 255).lower() for line in tops]

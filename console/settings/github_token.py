"""The GitHub token that is there already, where the settings name none.

Source: `gh help environment` for the variables and their order.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Mapping
from urllib.parse import urlsplit

from console.settings.model import GitHub
from console.settings.secrets import SecretError
from console.settings.stores import Found

ANSWER_S = 5.0
"""gh answers in 0.1 s; with a locked keyring behind it, not at all."""

DOT_COM = ("GH_TOKEN", "GITHUB_TOKEN")
ENTERPRISE = ("GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN")

_TOKEN = re.compile(r"[\x21-\x7e]{1,4096}")


def github_token(github: GitHub, env: Mapping[str, str] = os.environ) -> Found:
    """A token for `github` from the environment or from gh. Blocks for up to 5 s: call it in a thread.

    Raises SecretError, which says where it was looked for. The token of one host is never given to another.
    """
    host = gh_host(github.api_url)
    variables = DOT_COM if _is_dot_com(host) else ENTERPRISE
    looked = []
    for variable in variables:
        value = env.get(variable, "").strip()
        if _TOKEN.fullmatch(value):
            return Found(value, f"${variable}")
        looked.append(f"{variable} is {'not a token' if value else 'not set'}")
    value, why = _ask_gh(host, env)
    if value:
        return Found(value, f"gh auth token --hostname {host}")
    looked.append(why)
    lines = "".join(f"\n    {line}" for line in looked)
    raise SecretError(
        f"There is no GitHub token for {host}. Looked in:{lines}",
        f"gh auth login --hostname {host}, or give `token: secret:github/{github.name}` in the settings "
        f"and run: quarterdeck secret set github/{github.name}",
    )


def gh_host(api_url: str) -> str:
    """The host as gh knows it: github.com, acme.ghe.com, or the Enterprise Server's."""
    parts = urlsplit(api_url)
    host = (parts.hostname or "").lower()
    if host == "api.github.com":
        return "github.com"
    if host.endswith(".ghe.com"):
        return host.removeprefix("api.")
    return f"{host}:{parts.port}" if parts.port else host


def _is_dot_com(host: str) -> bool:
    return host == "github.com" or host.endswith(".ghe.com")


def _ask_gh(host: str, env: Mapping[str, str]) -> tuple[str, str]:
    """The token, or why there is none."""
    gh = shutil.which("gh", path=env.get("PATH"))
    if gh is None:
        return "", "gh is not installed"
    # gh answers with these first, whatever the host is called; they have been looked at above, for their own hosts.
    hidden = {*DOT_COM, *ENTERPRISE}
    own = {key: value for key, value in env.items() if key not in hidden and not key.startswith("QUARTERDECK_")}
    try:
        with subprocess.Popen(
            [gh, "auth", "token", "--hostname", host],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**own, "GH_PROMPT_DISABLED": "1", "GH_NO_UPDATE_NOTIFIER": "1"},
            start_new_session=True,
        ) as asked:
            try:
                raw, _ = asked.communicate(timeout=ANSWER_S)
            except subprocess.TimeoutExpired:
                # With what it started. It has not been waited for, so the group is still its own.
                os.killpg(asked.pid, signal.SIGKILL)
                return "", f"gh did not answer within {ANSWER_S:.0f} s"
            except BaseException:
                os.killpg(asked.pid, signal.SIGKILL)
                raise
    except OSError as exc:
        return "", f"gh could not be started ({exc.strerror})"
    token = raw.decode(errors="replace").strip()
    if asked.returncode != 0:
        return "", f"gh is not logged in to {host}"
    return (token, "") if _TOKEN.fullmatch(token) else ("", "gh answered with something that is no token")

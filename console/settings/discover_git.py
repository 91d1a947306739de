"""The repositories that the git remotes here point to.

Git's own files are read: running git in a folder somebody else prepared would run what its configuration names.
Source: git-scm.com/docs/git-config (syntax), git-scm.com/docs/git-clone (URLs).
"""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

from console.settings.private_files import read_bounded

MOST_FOLDERS = 500
"""Folders below the current one that are looked into."""

CONFIG_LIMIT = 1_048_576

_SECTION = re.compile(r'\s*\[\s*remote\s+"[^"]*"\s*\]', re.IGNORECASE)
_URL = re.compile(r"\s*url\s*=\s*\"?([^\"\s]+)", re.IGNORECASE)
_SCP_LIKE = re.compile(r"(?:[^@/:\s]+@)?([A-Za-z0-9.-]+):(?!/)(.+)")
_REPOSITORY = re.compile(r"[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+")


def repositories(folder: Path) -> dict[str, list[str]]:
    """Host → OWNER/NAME of the remotes of the repository around `folder` and of those in the folders right below it."""
    found: dict[str, dict[str, None]] = {}
    around = next((one for one in (folder, *folder.parents) if (one / ".git").exists()), None)
    try:
        below = sorted(one for one in folder.iterdir() if one.is_dir() and not one.is_symlink())[:MOST_FOLDERS]
    except OSError:
        below = []
    for checkout in [*([around] if around else []), *below]:
        for url in _remotes(checkout):
            if (named := repository(url)) is not None:
                host, name = named
                found.setdefault(host, {})[name] = None
    return {host: list(names) for host, names in found.items()}


def repository(url: str) -> tuple[str, str] | None:
    """Host and OWNER/NAME of a remote's URL; a login in it is left out."""
    if "://" in url:
        try:
            parts = urlsplit(url)
            host, path = parts.hostname or "", parts.path
        except ValueError:
            return None
        if parts.scheme not in ("https", "http", "ssh", "git"):
            return None
    elif match := _SCP_LIKE.fullmatch(url):
        host, path = match[1], match[2]
    else:
        return None
    name = path.strip("/").removesuffix(".git")
    host = host.lower().removeprefix("www.")
    # GitHub answers ssh on port 443 under this name, for networks that block port 22.
    host = "github.com" if host == "ssh.github.com" else host
    return (host, name) if host and _REPOSITORY.fullmatch(name) else None


def _remotes(checkout: Path) -> list[str]:
    try:
        config = _git_folder(checkout) / "config"
        text = read_bounded(config, CONFIG_LIMIT, private=False).decode(errors="replace")
    except (OSError, ValueError):
        return []
    urls = []
    inside = False
    for line in text.splitlines():
        if line.lstrip().startswith("["):
            inside = bool(_SECTION.match(line))
        elif inside and (match := _URL.match(line)):
            urls.append(match[1])
    return urls


def _git_folder(checkout: Path) -> Path:
    """`.git`, or what the file `.git` of a worktree or submodule points to. Raises OSError."""
    git = checkout / ".git"
    if git.is_dir():
        return git
    pointed = read_bounded(git, 4096, private=False).decode(errors="replace").strip()
    target = checkout / pointed.removeprefix("gitdir:").strip()
    common = target / "commondir"
    if common.is_file():
        return target / read_bounded(common, 4096, private=False).decode(errors="replace").strip()
    return target

"""Which parts run: one private folder a user, a file of facts a part, and a lock so that nobody starts one twice."""

from __future__ import annotations

import contextlib
import fcntl
import importlib
import json
import os
import pkgutil
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import cast

from tests.stack.part import Part, StartError, alive, end

KEPT = "kept"
"""The session of what `up` started: it stays until `down`."""
_OWN_MODULES = frozenset({"__main__", "part", "plugin", "state"})


class MissingError(Exception):
    """A part cannot be had; the message is the reason."""


def names() -> list[str]:
    """All parts there are."""
    found = pkgutil.iter_modules([str(Path(__file__).parent)])
    return sorted(m.name for m in found if m.name not in _OWN_MODULES and not m.name.startswith(("_", "test_")))


def part(name: str) -> Part:
    return cast("Part", importlib.import_module(f"tests.stack.{name}").PART)


def session() -> str:
    """Who uses the parts: PID.START of the pytest controller, handed to its workers, or of this process."""
    return os.environ.get("STACK_SESSION") or new_session()


def new_session() -> str:
    return f"{os.getpid()}.{_started(os.getpid())}"


def ensure(name: str, user: str | None = None) -> dict[str, str]:
    """The facts of a running part, started where it does not run. Raises MissingError with the reason."""
    user = user or session()
    if sys.platform != "linux":
        raise MissingError("the real servers are started on Linux only")
    if reason := part(name).missing():
        raise MissingError(reason)
    with _locked(name) as home:
        kept = _read(home / f"{name}.json")
        if kept is not None and _runs(kept):
            if user not in kept["users"]:
                kept["users"].append(user)
                _write(home / f"{name}.json", kept)
            return kept["facts"]
        _remove(name, home, kept)
        failed = home / f"{name}.failed"
        if failed.exists() and failed.read_text(encoding="utf-8").partition("\n")[0] == user != KEPT:
            raise MissingError(failed.read_text(encoding="utf-8").partition("\n")[2])
        folder = home / name
        folder.mkdir(mode=0o700)
        try:
            facts = part(name).start(folder)
        except (StartError, OSError, subprocess.SubprocessError) as error:
            # Once tried in vain is enough for a session: the other tests need not wait for it too.
            failed.write_text(f"{user}\n{error}", encoding="utf-8")
            raise MissingError(str(error)) from error
        failed.unlink(missing_ok=True)
        pids = [int(pid) for pid in facts["pid"].split()]
        _write(
            home / f"{name}.json",
            {"facts": facts, "users": [user], "pids": {str(pid): _started(pid) for pid in pids}},
        )
        return facts


def leave(name: str, user: str) -> None:
    """`user` is done with a part; the last one ends it."""
    with _locked(name) as home:
        kept = _read(home / f"{name}.json")
        if kept is None:
            return
        kept["users"] = [u for u in kept["users"] if u != user and (u == KEPT or _lives(u))]
        if kept["users"]:
            _write(home / f"{name}.json", kept)
        else:
            _remove(name, home, kept)


def stop(name: str) -> bool:
    """End a part, whoever uses it; say whether it ran."""
    with _locked(name) as home:
        kept = _read(home / f"{name}.json")
        ran = kept is not None and _runs(kept)
        _remove(name, home, kept)
        return ran


def running() -> dict[str, dict[str, str]]:
    """The facts of every part that runs."""
    home = _home()
    kept = {name: _read(home / f"{name}.json") for name in names()}
    return {name: k["facts"] for name, k in kept.items() if k is not None and _runs(k)}


def _home() -> Path:
    home = Path(tempfile.gettempdir()) / f"quarterdeck-stack-{os.getuid()}"
    with contextlib.suppress(FileExistsError):
        home.mkdir(mode=0o700)
    # The folder of temporary files is everybody's: somebody else may have put a folder or a link there first.
    found = home.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise MissingError(f"{home} is not a private folder of this user; remove it")
    return home


@contextlib.contextmanager
def _locked(name: str) -> Iterator[Path]:
    home = _home()
    with (home / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield home


def _read(path: Path) -> dict | None:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None


def _write(path: Path, what: dict) -> None:
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(what, indent=1), encoding="utf-8")
    fresh.replace(path)


def _runs(kept: dict) -> bool:
    return all(alive(int(pid)) and _started(int(pid)) == start for pid, start in kept["pids"].items())


def _remove(name: str, home: Path, kept: dict | None) -> None:
    folder = home / name
    if kept is not None:
        if _runs(kept):
            stopper = getattr(part(name), "stop", None)
            if stopper is not None:
                stopper(folder, kept["facts"])
        for pid, start in kept["pids"].items():
            # A pid that another process has by now is none of ours.
            if _started(int(pid)) == start:
                end(int(pid))
        (home / f"{name}.json").unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)


def _started(pid: int) -> str:
    """When the process began, in clock ticks since boot (proc(5)): with the pid its identity."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[19]
    except OSError:
        return ""


def _lives(user: str) -> bool:
    pid, _, start = user.partition(".")
    return pid.isdecimal() and alive(int(pid)) and _started(int(pid)) == start

"""A real agent process for tests: forked, so that it can be another user's and have rooms of the test's."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import console.store.store  # noqa: F401  # a child that is another user may not be able to read our interpreter
from console.agent.run import run_agent
from console.settings.load import Loaded, load
from tests.agent.rooms import wanted


def settings_file(folder: Path, text: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "quarterdeck.yaml"
    path.write_text(text)
    return path


def hosts(*names: str) -> str:
    """Settings with these Docker hosts; their engines are never asked, since the rooms are the test's."""
    return "docker: [" + ", ".join(f"{{name: {n}, url: 'unix:///nonexistent/{n}.sock'}}" for n in names) + "]\n"


def forked(
    work: Callable[[], object], *, uid: int | None = None, gid: int | None = None, groups: tuple[int, ...] = ()
) -> int:
    """Run `work` in a child, as another user if asked; returns its pid. It ends with `work`'s int, or 0."""
    pid = os.fork()
    if pid:
        return pid
    status = 70
    try:
        if uid is not None:
            os.setgroups(groups)
            os.setresgid(gid or uid, gid or uid, gid or uid)
            os.setresuid(uid, uid, uid)
        result = work()
        status = result if isinstance(result, int) else 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(status)


@contextlib.contextmanager
def agent(
    settings: Path,
    folder: Path,
    socket_path: Path,
    *,
    rooms: object = (wanted,),
    uid: int | None = None,
    gid: int | None = None,
    groups: tuple[int, ...] = (),
) -> Iterator[int]:
    """An agent that answers on `socket_path`, ended afterwards. Yields its pid."""
    read, write = os.pipe()
    loaded: Loaded = load(settings)

    def work() -> int:
        os.close(read)
        os.environ["QUARTERDECK_READY_FD"] = str(write)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        return run_agent(loaded, folder=folder, socket_path=socket_path, rooms_of=rooms)  # type: ignore[arg-type]

    pid = forked(work, uid=uid, gid=gid, groups=groups)
    os.close(write)
    with os.fdopen(read, "rb") as ready:
        assert ready.read(1) == b"1", "the agent did not start"
    try:
        yield pid
    finally:
        end(pid)


def end(pid: int, number: int = signal.SIGTERM, within_s: float = 10.0) -> float:
    """Send a signal and wait for the end; returns how long it took in seconds. A child that stays is killed."""
    began = time.monotonic()
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)
    while time.monotonic() - began < within_s:
        with contextlib.suppress(ChildProcessError):
            if os.waitpid(pid, os.WNOHANG)[0] == 0:
                time.sleep(0.02)
                continue
        return time.monotonic() - began
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    raise AssertionError(f"the process did not end within {within_s} s")


def until(condition: Callable[[], object], within_s: float = 10.0, what: str = "") -> object:
    """What `condition` returns once it is true; an AssertionError if it never is."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        if result := condition():
            return result
        time.sleep(0.02)
    raise AssertionError(f"it did not happen within {within_s} s: {what or condition}")

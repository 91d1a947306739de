"""Notices that the settings file changed, and reads it again."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from console.clock import Clock
from console.settings.load import Loaded, find, load_text, read_text
from console.settings.problems import SettingsError

POLL_S = 0.5
"""A change is seen within one poll, found to be whole within another, and in effect well within two seconds."""

Outcome = Loaded | SettingsError


class _Print(NamedTuple):
    """What changes when the file does: an editor that renames a new file over the old one changes the inode."""

    mtime_ns: int
    ctime_ns: int
    """chmod and chown change nothing else."""
    size: int
    inode: int
    device: int


class Look:
    """One file, looked at again and again; blocks as long as the disk does.

    A file is read when it has stayed the same between two looks, so that one that is being written (emptied, half
    there, moved away for a moment) is not taken for a good one that says less.
    """

    def __init__(
        self, path: Path | None, env: Mapping[str, str] = os.environ, *, in_effect: Loaded | None = None
    ) -> None:
        self._path = path
        self._env = env
        self._seen = _print(path)
        self._in_effect = in_effect
        self._told: str | SettingsError | None = None if in_effect else _content(path)
        """The text that the last outcome was made of, or the last error told."""
        self._unread = in_effect is not None
        """The file changed and has not been read since."""
        self._again = False
        """Read once more at the next look: two writes within one tick of the disk's clock look like one."""

    def again(self) -> Outcome | None:
        """The new outcome, or None where nothing new is to be told."""
        if self._path is None:
            self._path = find(None, self._env)
            if self._path is None:
                return None
        seen = _print(self._path)
        if seen != self._seen:
            self._seen, self._unread = seen, True
            return None
        if not (self._unread or self._again):
            return None
        self._again, self._unread = self._unread, False
        return self._read(self._path)

    def _read(self, path: Path) -> Outcome | None:
        try:
            text = read_text(path)
        except SettingsError as error:
            self._unread = True  # what cannot be read now may be readable at the next look without having changed
            return self._tell_error(error)
        if text == self._told:
            return None
        self._told = text
        known, self._in_effect = self._in_effect, None
        try:
            loaded = load_text(text, path, self._env)
        except SettingsError as error:
            return error
        return None if known is not None and known.settings == loaded.settings else loaded

    def _tell_error(self, error: SettingsError) -> SettingsError | None:
        if isinstance(self._told, SettingsError) and self._told.message == error.message:
            return None
        self._told = error
        return error


async def watch(
    path: Path | None, clock: Clock, env: Mapping[str, str] = os.environ, *, in_effect: Loaded | None = None
) -> AsyncIterator[Loaded | SettingsError]:
    """Each new state of the file: Loaded for a good one, SettingsError (all problems) for a bad, missing or unreadable.

    With None the usual places are watched until a file appears there. What the file says when it begins is not
    told, or only where it differs from `in_effect`: so no change is lost between loading and watching.
    Ends only with its task; never raises for what the file says.
    """
    # One thread of its own: a settings file on a network disk that hangs stops nothing but this.
    pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="settings")
    loop = asyncio.get_running_loop()
    try:
        look = await loop.run_in_executor(pool, lambda: Look(path, env, in_effect=in_effect))
        while True:
            await clock.sleep(POLL_S)
            outcome = await loop.run_in_executor(pool, look.again)
            if outcome is not None:
                yield outcome
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _print(path: Path | None) -> _Print | None:
    if path is None:
        return None
    try:
        now = path.stat()
    except OSError:
        return None
    return _Print(now.st_mtime_ns, now.st_ctime_ns, now.st_size, now.st_ino, now.st_dev)


def _content(path: Path | None) -> str | None:
    try:
        return None if path is None else read_text(path)
    except SettingsError:
        return None

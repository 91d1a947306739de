"""Files that only their owner may read, written whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import stat
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path


class TooOpenError(OSError):
    """Others than its owner may read the file."""


def write_private(path: Path, data: bytes) -> None:
    """`data` in `path`, mode 0600; whoever reads sees the old file or the new one. Raises OSError."""
    _write(path, data, os.replace)


def write_new(path: Path, data: bytes) -> None:
    """The same, but never over a file that is there. Raises FileExistsError, OSError."""

    def link(name: str, to: Path) -> None:
        os.link(name, to)
        os.unlink(name)  # noqa: PTH108  # a str from mkstemp

    _write(path, data, link)


def _write(path: Path, data: bytes, place: Callable[[str, Path], None]) -> None:
    _make_folder(path.parent)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mkstemp's mode is 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        place(name, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)  # noqa: PTH108
        raise
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)  # without it a power cut may forget the rename
    finally:
        os.close(folder)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except FileExistsError:
        # What is there is a file; the caller must not take that for its own file.
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(folder)) from None


def read_bounded(path: Path, limit: int, *, private: bool) -> bytes:
    """At most `limit` bytes of a regular file. Raises OSError, TooOpenError where `private` and group or others may read."""
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(handle, "rb") as file:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode):
            raise OSError(0, "is not a regular file")
        if private and found.st_mode & 0o077:
            raise TooOpenError(0, "may be read by others")
        data = file.read(limit + 1)
    if len(data) > limit:
        raise OSError(0, f"is longer than {limit} bytes")
    return data


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """One process at a time changes `path`; the lock lies beside it. Raises OSError."""
    _make_folder(path.parent)
    handle = os.open(path.with_name(f".{path.name}.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)

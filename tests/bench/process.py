"""What a process costs, as the kernel counts it (proc(5))."""

from __future__ import annotations

import os
import time
from pathlib import Path

TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")


def cpu_s(pid: int) -> float:
    """Seconds of CPU that a process has used, all threads, user and system."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_A_SECOND


def rss_mb(pid: int) -> float:
    """Resident memory in MB (10^6 bytes)."""
    return int(_status(pid, pid, "VmRSS").split()[0]) * 1024 / 1e6


def wakeups(pid: int) -> int:
    """How often the main thread has gone to sleep so far: once for each time that something woke it."""
    return int(_status(pid, pid, "voluntary_ctxt_switches"))


class Window:
    """CPU of a process from now on."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._began, self._cpu = time.monotonic(), cpu_s(pid)

    def percent(self) -> float:
        """Share of one core so far, in per cent."""
        return (cpu_s(self._pid) - self._cpu) / (time.monotonic() - self._began) * 100


def _status(pid: int, thread: int, name: str) -> str:
    for line in Path(f"/proc/{pid}/task/{thread}/status").read_text(encoding="utf-8").splitlines():
        key, _, value = line.partition(":")
        if key == name:
            return value.strip()
    raise ValueError(f"{pid} has no {name}")

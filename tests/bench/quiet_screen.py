"""A screen on an agent where nothing changes: bytes, wake-ups of the thread that paints, CPU."""

from __future__ import annotations

import time
from collections.abc import Iterator

from tests.bench import process
from tests.bench.figure import Figure, Options
from tests.bench.place import Place

NAME = "quiet-screen"


def measure(options: Options) -> Iterator[Figure]:
    window_s = options.window_s()
    with Place() as place:
        place.agent("tests.bench.rooms", "quiet")
        with place.screen() as terminal:
            terminal.wait(lambda painted: "3 hosts" in painted and " 100" in painted)
            yield from of("overview", terminal, window_s, goals=True)
            terminal.press("3")
            terminal.wait(lambda painted: "web-1" in painted)
            # Ages are in sight in this mode: they are looked at every ten seconds and drawn where their text moved.
            yield from of("fleet", terminal, window_s, goals=False)


def of(mode, terminal, window_s, *, goals) -> Iterator[Figure]:
    terminal.quiet()
    written, woken = terminal.bytes, process.wakeups(terminal.pid)
    cpu = process.Window(terminal.pid)
    time.sleep(window_s)
    percent = cpu.percent()
    written, woken = terminal.bytes - written, process.wakeups(terminal.pid) - woken
    how = f"{window_s:g} s on an agent with 100 containers, none changing; 120x40, {mode}"
    where = "" if goals else f", {mode} mode with 36 ages in sight"
    zero = 0 if goals else None
    yield Figure(
        key=f"quiet.{mode}.bytes",
        title=f"quiet screen: bytes written{where}",
        measured=written,
        goal=zero,
        n=1,
        how=how,
    )
    yield Figure(
        key=f"quiet.{mode}.wakeups",
        title=f"quiet screen: wake-ups of the UI thread{where}",
        measured=woken,
        goal=zero,
        n=1,
        how=how,
    )
    yield Figure(
        key=f"quiet.{mode}.cpu",
        title=f"quiet screen: CPU{where}",
        measured=percent,
        unit="%",
        goal=0.5,
        below=True,
        n=1,
        how=how,
    )

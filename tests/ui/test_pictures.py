"""Pictures of whole screens, with a clock that stands still. After a change on purpose: pytest --snapshot-update."""

from __future__ import annotations

import asyncio

import pytest

from console.settings.model import Ui
from console.ui.app import QuarterdeckApp
from console.world.model import LogLine
from tests.clock import FakeClock
from tests.ui import worlds
from tests.ui.port import FakePort

SIZES = {"80x24": (80, 24), "120x40": (120, 40), "200x60": (200, 60)}


def picture(snap_compare, *keys: str, size: str = "120x40", opened: tuple[str, str] | None = None, **options) -> bool:
    port = FakePort()
    port.logs[worlds.CANARY] = [
        LogLine(worlds.NOW - 60 + i, "stdout", f"GET /cart/{i} 200 {i * 3} ms") for i in range(60)
    ]
    port.logs["acme/checkout/102"] = [
        LogLine(worlds.NOW - 900 + i, "stdout", text)
        for i, text in enumerate(
            ("##[group]Run pytest", "pytest -q", "E   assert total == 12.30", "##[error]exit code 1")
        )
    ]
    world = options.pop("world", None) or [*worlds.afternoon(), *worlds.series(), *worlds.series(3600), *worlds.jobs()]
    app = QuarterdeckApp(port, clock=FakeClock(worlds.NOW), ui=options.pop("ui", Ui(glyphs="unicode")), **options)

    async def before(pilot):
        await pilot.pause()
        port.snapshot([*world, worlds.stats()], at=worlds.NOW)
        await settled(pilot)
        if opened:
            app.open_record(*opened)
        for key in keys:
            await settled(pilot)
            await pilot.press(key)
        await settled(pilot)

    async def settled(pilot):
        # A log is read by a thread of its own, and a pause of the app is a fifth of a second.
        end = asyncio.get_running_loop().time() + 5
        while (app._pause or app._inbox) and asyncio.get_running_loop().time() < end:
            await pilot.pause(0.02)
        followers = [pane._follower for pane in app.screen.query("LogPane") if pane._follower]
        while any(
            not f.ended and not pane.view.line_count
            for f, pane in zip(followers, app.screen.query("LogPane"), strict=False)
        ):
            await pilot.pause(0.02)
        # Charts are mounted when the first panel is known: wait until three pictures in a row are the same.
        same, last = 0, None
        while same < 3 and asyncio.get_running_loop().time() < end:
            await pilot.pause(0.03)
            shown = [segment for strip in app.screen._compositor.render_strips() for segment in strip]
            same, last = (same + 1, last) if shown == last else (0, shown)

    try:
        return snap_compare(app, terminal_size=SIZES[size], run_before=before)
    finally:
        port.closed += 1


@pytest.mark.parametrize("size", SIZES)
def test_overview(snap_compare, size):
    assert picture(snap_compare, size=size)


@pytest.mark.parametrize("size", SIZES)
def test_metrics(snap_compare, size):
    assert picture(snap_compare, "4", size=size)


@pytest.mark.parametrize("mode", ["2", "3", "5"])
@pytest.mark.parametrize("size", ["80x24", "120x40"])
def test_lists(snap_compare, mode, size):
    assert picture(snap_compare, mode, size=size)


@pytest.mark.parametrize("size", ["80x24", "120x40"])
@pytest.mark.parametrize(
    "opened",
    [
        ("runs", worlds.FAILED_RUN),
        ("containers", worlds.CANARY),
        ("panels", "p95"),
        ("alerts", "main/f1"),
        ("sources", "alertmanager/main"),
    ],
    ids=lambda opened: opened[0],
)
def test_details(snap_compare, opened, size):
    assert picture(snap_compare, opened=opened, size=size)


def test_help(snap_compare):
    assert picture(snap_compare, "3", "question_mark")


def test_in_ascii_with_the_demo(snap_compare):
    assert picture(snap_compare, ui=Ui(glyphs="ascii"), demo=True, size="80x24")


@pytest.mark.parametrize("theme", ["quarterdeck-light", "colour-blind", "mono"])
def test_themes(snap_compare, theme):
    assert picture(snap_compare, "3", ui=Ui(theme=theme, glyphs="unicode"), size="80x24", demo=True)


def test_nothing_needs_you(snap_compare):
    assert picture(snap_compare, world=worlds.calm(), size="80x24")

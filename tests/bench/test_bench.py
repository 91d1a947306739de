"""The bench's own arithmetic: a figure is only as good as what counts it."""

from __future__ import annotations

import os
import sys

import msgspec

from tests.bench import process, table
from tests.bench.figure import Figure, quantile, slope
from tests.bench.first_paint import foreigners
from tests.bench.painted import Painted
from tests.bench.terminal import Terminal


def test_mode_switches_and_blanks_are_no_paint():
    painted = Painted(20, 3)
    painted.feed(b"\x1b[?1049h\x1b[?25l\x1b]0;title\x07\x1b[2J\x1b[1;1H\x1b[38;2;1;2;3m   \x1b[0m\r\n")
    assert not painted.begun
    painted.feed(b"\x1b[2;3Hok")
    assert painted.begun
    assert painted.row("ok") == "  ok" + " " * 16


def test_a_picture_survives_any_cut_of_its_bytes_and_wide_characters():
    data = "\x1b[1;1H● web-1 \x1b[1mrunning\x1b[0m\x1b[2;1H漢字 x\x1b[1;9Hexit 137".encode()
    whole = Painted(20, 2)
    whole.feed(data)
    single = Painted(20, 2)
    for byte in data:
        single.feed(bytes([byte]))
    assert whole.rows() == single.rows()
    assert whole.rows()[0].rstrip() == "● web-1 exit 137"
    assert "漢字 x" in whole


def test_a_goal_is_met_exactly_where_it_says_so():
    figure = Figure(key="k", title="t", measured=2.0, goal=2.0)
    assert figure.met is True
    assert msgspec.structs.replace(figure, below=True).met is False
    assert msgspec.structs.replace(figure, goal=None).met is None
    unmeasured = msgspec.structs.replace(figure, measured=None, missing="no engine")
    assert unmeasured.met is False
    assert "no engine" in table.row(unmeasured)
    assert table.summary([figure, unmeasured]) == "1 of 2 goals met, 0 missed, 1 not measured"


def test_quantile_and_slope():
    hundred = [float(n) for n in range(1, 101)]
    assert [quantile(hundred, share) for share in (0.5, 0.95, 0.99, 1.0)] == [50, 95, 99, 100]
    assert quantile([7.0], 0.99) == 7
    assert round(slope([(0, 5), (1, 7), (2, 9)]), 6) == 2


def test_what_is_foreign_before_the_first_paint():
    bare = ["textual.app", "rich.text", "asyncio", "typing_extensions"]
    assert foreigners([*bare, "console.ui.app", "msgspec._core", "json", "h11._events"], bare) == {"h11"}


def test_a_terminal_counts_bytes_and_wakeups_of_a_process():
    with Terminal((sys.executable, "-c", "import time; print('ready'); time.sleep(60)"), os.environ) as terminal:
        terminal.wait(lambda painted: "ready" in painted)
        terminal.quiet(0.2)
        assert terminal.bytes == len(b"ready\r\n")
        assert process.rss_mb(terminal.pid) > 1
        before = process.wakeups(terminal.pid)
        terminal.quiet(0.2)
        assert process.wakeups(terminal.pid) == before

"""Pictures of the widgets, to be looked at when they change."""

import math
from datetime import UTC

import pytest

from console.ui.widgets.chart import BrailleChart, ChartLine, Mark
from console.ui.widgets.log import LogView
from console.world.model import LogLine
from tests.ui.widgets.bare import NOW, WORDS, Bare, Time, table, thing, things


class Tabled(Bare):
    def __init__(self, **given):
        super().__init__(table(Time()), **given)

    def on_ready(self):
        shown = self.widgets[0]
        shown.set_rows([thing(n, word=WORDS[n % 9]) for n in range(9)] + things(300)[9:])
        shown.sort_by("cpu", reverse=True)
        shown.focus()


class Charted(Bare):
    CSS = "BrailleChart { height: 1fr; } .row { height: 1; }"

    def __init__(self):
        rows = [BrailleChart(name_width=12, classes="row") for _ in range(3)]
        super().__init__(*rows, BrailleChart(title="errors", tz=UTC), BrailleChart(title="memory by host", tz=UTC))

    def on_ready(self):
        points = [0.3 + 0.2 * math.sin(i / 9) for i in range(240)]
        points[150:160] = [None] * 10
        points[190:205] = [2.1] * 15
        for row, name in zip(self.widgets[:3], ("requests/s", "errors %", "p95"), strict=True):
            row.show([ChartLine(name, points)], start=NOW, step_s=15, unit="percent")
        marks = [Mark(NOW + 190 * 15, "▼", "running"), Mark(NOW + 206 * 15, "✖", "failed")]
        self.widgets[3].show(
            [ChartLine("", points, "ok")], start=NOW, step_s=15, unit="percent", warn=1, fail=2, marks=marks
        )
        hosts = [
            ChartLine(f"eu{n}", [2e8 * (n + 1) + 1e8 * math.sin(i / 11 + n) for i in range(240)]) for n in range(3)
        ]
        self.widgets[4].show(hosts, start=NOW, step_s=15, unit="bytes")


class Logged(Bare):
    def __init__(self):
        super().__init__(LogView(tz=UTC))

    def on_ready(self):
        said = [
            ("note", "the log begins here; 1,200 older lines are at GitHub"),
            ("stdout", "##[group]Run pytest -q"),
            ("stdout", "##[command]/usr/bin/pytest -q"),
            ("stdout", "tests/test_total.py \x1b[32m....\x1b[31mF\x1b[0m  \x1b[2m[ 40%]\x1b[0m"),
            ("stderr", "AssertionError: assert 12.31 == Decimal('12.30') [bold]no markup[/]"),
            ("stdout", "##[warning]Node 16 is deprecated"),
            ("stdout", "##[error]Process completed with exit code 1."),
            ("stdout", "lorem ipsum dolor sit amet " * 8),
        ]
        view = self.widgets[0]
        view.append([LogLine(NOW + n, stream, text) for n, (stream, text) in enumerate(said)])
        view.timestamps = view.wrap = True
        view.find("amet")


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)], ids=lambda size: f"{size[0]}x{size[1]}")
def test_table(snap_compare, size):
    assert snap_compare(Tabled(), terminal_size=size, press=["j", "j", "j"])


@pytest.mark.parametrize("theme", ["quarterdeck-light", "colour-blind", "mono"])
def test_table_in(snap_compare, theme):
    assert snap_compare(Tabled(theme=theme), terminal_size=(80, 24), press=["j"])


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=lambda size: f"{size[0]}x{size[1]}")
def test_chart(snap_compare, size):
    assert snap_compare(Charted(), terminal_size=size)


def test_log(snap_compare):
    assert snap_compare(Logged(), terminal_size=(80, 24))

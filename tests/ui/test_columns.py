"""What stands in the cells of lists: the part that matters is the part that stays."""

from __future__ import annotations

import msgspec
import pytest
from rich.cells import cell_len

from console.ui.columns.fleet import image_in
from console.ui.columns.pipelines import runs
from console.ui.standing import alert_counts, badges, shown_word
from console.ui.widgets.columns import fitted
from tests.ui import worlds
from tests.ui.console import console


@pytest.mark.parametrize(
    ("image", "width", "shown"),
    [
        ("acme/data-pipeline:2.1.4", 30, "acme/data-pipeline:2.1.4"),
        ("acme/data-pipeline:2.1.4", 22, "…/data-pipeline:2.1.4"),
        ("gcr.io/cadvisor/cadvisor:v0.49.1", 20, "…/cadvisor:v0.49.1"),
        ("acme/data-pipeline:2.1.4", 16, "data-pipe…:2.1.4"),
        ("registry.acme.example:5000/team/web:88.1", 12, "…/web:88.1"),
        ("acme/web@sha256:3f2c1ab9d0e1aaaaaaaa", 22, "…/web@3f2c1ab9d0e1"),
        ("acme/checkout:1.9.0-rc.1-20260920-a1b2c3d", 12, "checkout:1.…"),
        ("日本語/日本語:1.2", 9, "日本…:1.2"),
    ],
)
def test_an_image_keeps_its_tag_longest(image, width, shown):
    assert image_in(image, width) == shown
    assert cell_len(image_in(image, width)) <= width


def test_at_120_columns_the_title_of_a_run_has_most_room():
    columns = runs(ascii=False)
    widths = {columns[span.column].key: span.width for span in fitted(columns, 117)}
    assert "event" not in widths
    assert widths["title"] == max(widths.values())
    assert widths["title"] >= 30
    assert "event" in {columns[span.column].key for span in fitted(columns, 197)}


def test_an_alert_that_needs_nobody_is_counted_as_such_and_wears_no_badge():
    watchdog = next(r for r in worlds.alerts() if r.topic == "alerts" and r.name == "TargetDown")
    watchdog = msgspec.structs.replace(watchdog, severity="none", name="Watchdog")
    note = msgspec.structs.replace(watchdog, id="main/n", severity="Info")

    class Held:
        def all(self, kind):
            return [r for r in (watchdog, note) if isinstance(r, kind)]

    assert (shown_word(watchdog), shown_word(note)) == ("ok", "running")
    assert "alerts" not in badges(Held(), worlds.NOW)
    assert alert_counts([watchdog, note]) == [("running", "Info", 1), ("ok", "none", 1)]


async def test_only_the_pane_with_the_focus_has_the_arrow():
    async with console(worlds.afternoon()) as c:
        await c.sees("Under way")
        assert c.text().count("▸") == 1
        assert "▸ ✖ " in c.text()
        await c.press("tab")
        await c.sees("▸ ◐ running")
        assert c.text().count("▸") == 1

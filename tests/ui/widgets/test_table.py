"""The table: it draws what differs, and the row under the operator's hand stays there."""

import random

import pytest
from textual.geometry import Offset

from console.ui.widgets.columns import Column, fitted
from console.ui.widgets.rows import Rows
from console.ui.widgets.table import VirtualTable
from tests.ui.widgets.bare import Bare, Time, table, thing, things


def picture(app) -> list[str]:
    """The screen as text, without the scrollbar."""
    rows = ("".join(segment.text for segment in strip) for strip in app.screen._compositor.render_strips())
    return [row.rstrip(" ▁▂▃▄▅▆▇█▔") for row in rows]


class Messages:
    """Each message once; Textual shows it at every step up the tree."""

    def __init__(self):
        self.seen = []

    def add(self, message):
        if not any(message is one for one in self.seen):
            self.seen.append(message)


class Painted:
    """Counts what is painted from here on: lines that Textual asks the table for, and rows that it draws anew."""

    def __init__(self, widget, monkeypatch):
        self.widget, self.lines, self.built = widget, 0, widget.strips_built
        draw = type(widget).render_line

        def render_line(this, y):
            self.lines += 1
            return draw(this, y)

        monkeypatch.setattr(type(widget), "render_line", render_line)

    @property
    def rows(self):
        return self.widget.strips_built - self.built


async def test_shows_rows_under_a_header_that_stays():
    shown = table()
    async with Bare(shown).run_test(size=(80, 12)) as pilot:
        shown.set_rows(things(100))
        await pilot.pause()
        first = picture(pilot.app)
        assert first[0].split() == ["State", "Container", "Image", "CPU", "Memory", "Age"]
        assert first[1].startswith("▸ ● ok         checkout-0 ")
        await pilot.press("G")
        await pilot.pause()
        last = picture(pilot.app)
        assert last[0] == first[0]
        assert last[11].startswith("▸")
        assert " cart-99 ".replace("cart", "billing") in last[11]


async def test_header_stands_over_its_columns():
    shown = table()
    async with Bare(shown).run_test(size=(100, 12)) as pilot:
        shown.set_rows(things(100))
        await pilot.pause()
        header, row = picture(pilot.app)[:2]
        assert header.index("Image") == row.index("acme/")
        assert header.index("CPU") + 3 == row.index("%") + 1
        assert header.index("Age") + 3 == row.index("0s") + 2


async def test_one_changed_row_of_5000_draws_one_row(monkeypatch):
    shown = table()
    async with Bare(shown).run_test(size=(120, 40)) as pilot:
        shown.set_rows(things(5000))
        await pilot.pause()
        painted = Painted(shown, monkeypatch)
        shown.apply({"t000003": thing(3, cpu=99.0)})
        await pilot.pause()
        assert (painted.lines, painted.rows) == (1, 1)


async def test_what_is_out_of_sight_paints_nothing(monkeypatch):
    shown = table()
    async with Bare(shown).run_test(size=(120, 40)) as pilot:
        shown.set_rows(things(5000))
        await pilot.pause()
        painted = Painted(shown, monkeypatch)
        shown.apply({f"t{n:06}": thing(n, cpu=1.0) for n in range(2000, 2100)})
        shown.apply({f"t{n:06}": None for n in range(3000, 3100)})
        await pilot.pause()
        assert (painted.lines, painted.rows) == (0, 0)
        assert shown.total_count == 4900


async def test_a_row_that_looks_the_same_paints_nothing(monkeypatch):
    shown = table()
    async with Bare(shown).run_test(size=(120, 40)) as pilot:
        shown.set_rows(things(50))
        await pilot.pause()
        painted = Painted(shown, monkeypatch)
        shown.apply({"t000003": thing(3, cpu=thing(3).cpu + 1e-9)})
        shown.set_rows(things(50))
        shown.tick()
        await pilot.pause()
        assert (painted.lines, painted.rows) == (0, 0)


async def test_time_repaints_the_ages_that_moved(monkeypatch):
    time = Time()
    shown = table(time)
    async with Bare(shown).run_test(size=(120, 40)) as pilot:
        shown.set_rows([thing(0, since=time.at - 10), thing(1, since=time.at - 3600 * 5), thing(2, since=time.at - 61)])
        await pilot.pause()
        painted = Painted(shown, monkeypatch)
        time.at += 5
        shown.tick()
        await pilot.pause()
        assert painted.lines == 1
        assert picture(pilot.app)[1].endswith("15s")
        assert picture(pilot.app)[3].endswith("1m")


async def test_an_age_is_right_when_its_row_comes_back_into_sight():
    time = Time()
    shown = table(time)
    async with Bare(shown).run_test(size=(120, 12)) as pilot:
        shown.set_rows([thing(n, since=time.at) for n in range(100)])
        await pilot.pause()
        await pilot.press("G")
        time.at += 600
        shown.tick()
        await pilot.press("g")
        await pilot.pause()
        assert picture(pilot.app)[1].endswith("10m")


async def test_selection_stays_on_its_row_and_in_its_place():
    shown = table()
    async with Bare(shown).run_test(size=(120, 20)) as pilot:
        shown.set_rows(things(500))
        shown.sort_by("cpu", reverse=True)
        await pilot.pause()
        await pilot.press("j", "j", "j", "j", "pagedown", "j")
        await pilot.pause()
        held = shown.selected
        line = next(y for y, text in enumerate(picture(pilot.app)) if text.startswith("▸"))
        rng = random.Random(5)
        for _ in range(20):
            ids = rng.sample(range(500), 60)
            shown.apply({f"t{n:06}": thing(n, cpu=rng.random() * 143) for n in ids if f"t{n:06}" != held.id})
            await pilot.pause()
            assert shown.selected == held
            assert picture(pilot.app)[line].startswith("▸")
            assert held.name in picture(pilot.app)[line]


async def test_the_picture_is_what_drawing_it_all_anew_gives():
    """Whatever is changed, in whatever order: repainting only what differs leaves nothing old on the screen."""
    shown = table()
    rng = random.Random(11)
    async with Bare(shown).run_test(size=(100, 16)) as pilot:
        shown.set_rows(things(60))
        await pilot.pause()
        for step in range(60):
            match rng.randrange(7):
                case 0:
                    shown.apply({f"t{n:06}": thing(n, cpu=rng.random() * 99) for n in rng.sample(range(80), 5)})
                case 1:
                    shown.apply({f"t{n:06}": None for n in rng.sample(range(80), 9)})
                case 2:
                    shown.sort_by(rng.choice(["cpu", "name", "state", None]))
                case 3:
                    shown.where = rng.choice(["", "check", "cpu>50", "!web", "zzz"])
                case 4:
                    await pilot.press(rng.choice(["j", "k", "G", "g", "pagedown", "pageup"]))
                case 5:
                    shown.set_rows(things(rng.choice([3, 40, 90])))
                case 6:
                    shown.scroll_to(y=rng.randrange(30), animate=False)
            await pilot.pause()
            seen = picture(pilot.app)
            shown._cells.clear()
            shown._forget()
            shown.refresh()
            await pilot.pause()
            assert picture(pilot.app) == seen, step


async def test_rows_that_come_in_above_are_announced_not_pushed_in():
    shown = table(rank=lambda row: row.cpu)
    async with Bare(shown).run_test(size=(120, 12)) as pilot:
        shown.set_rows([thing(n, cpu=10.0 + n) for n in range(50)])
        await pilot.press("j")
        await pilot.pause()
        before = picture(pilot.app)
        shown.apply({"t000099": thing(99, cpu=1.0)})
        await pilot.pause()
        after = picture(pilot.app)
        assert after[1:] == before[1:]
        assert after[0].startswith("↑")
        await pilot.press("g")
        await pilot.pause()
        assert picture(pilot.app)[0].startswith("  State")


async def test_nobody_has_chosen_yet_so_the_worst_comes_first():
    shown = table(rank=lambda row: row.cpu)
    async with Bare(shown).run_test(size=(120, 12)) as pilot:
        shown.set_rows([thing(n, cpu=10.0 + n) for n in range(50)])
        await pilot.pause()
        shown.apply({"t000099": thing(99, cpu=1.0)})
        await pilot.pause()
        assert "billing-99" in picture(pilot.app)[1]
        assert shown.selected == thing(0, cpu=10.0)  # enter still opens what it would have opened


async def test_a_selected_row_that_goes_hands_on_to_its_neighbour():
    shown = table()
    async with Bare(shown).run_test(size=(120, 12)) as pilot:
        shown.set_rows(things(5))
        await pilot.press("j", "j")
        shown.apply({"t000002": None})
        await pilot.pause()
        assert shown.selected == thing(3)
        shown.apply({f"t{n:06}": None for n in range(5)})
        await pilot.pause()
        assert shown.selected is None
        assert picture(pilot.app)[1] == "  no containers"
        shown.apply({"t000007": thing(7)})
        await pilot.pause()
        assert shown.selected == thing(7)
        assert "images-7" in picture(pilot.app)[1]


async def test_filter():
    shown = table()
    messages = Messages()
    async with Bare(shown).run_test(size=(120, 12), message_hook=messages.add) as pilot:
        shown.set_rows(things(64))
        shown.where = "name:search state=ok"
        await pilot.pause()
        assert (shown.shown_count, shown.total_count) == (7, 64)
        shown.apply({"t000001": thing(1, word="failed")})
        assert shown.shown_count == 6
        shown.where = "nam:x"
        assert shown.where_error is not None
        assert "Did you mean name?" in shown.where_error.hint
        assert shown.shown_count == 6  # the last good one holds
        assert shown.where == "nam:x"
        shown.where = "zzzzz"
        assert shown.where_error is None
        await pilot.pause()
        assert "nothing matches 'zzzzz' among 64" in picture(pilot.app)[1]
        shown.where = ""
        assert shown.shown_count == 64
    assert sum(isinstance(message, VirtualTable.FilterChanged) for message in messages.seen) == 4


async def test_sort_mark_and_messages():
    shown = table()
    messages = Messages()
    async with Bare(shown).run_test(size=(120, 12), message_hook=messages.add) as pilot:
        shown.set_rows(things(64))
        shown.sort_by("cpu")
        await pilot.pause()
        assert "CPU ▴" in picture(pilot.app)[0]
        shown.sort_by("cpu")
        await pilot.pause()
        assert "CPU ▾" in picture(pilot.app)[0]
        assert shown.selected is not None
        assert shown.selected.cpu == max(row.cpu for row in things(64))
        with pytest.raises(KeyError):
            shown.sort_by("image")
        await pilot.press("enter")
        await pilot.pause()
    opened = [message for message in messages.seen if isinstance(message, VirtualTable.Opened)]
    assert [message.record for message in opened] == [shown.selected]
    assert sum(isinstance(message, VirtualTable.SortChanged) for message in messages.seen) == 2


async def test_mouse():
    shown = table()
    messages = Messages()
    async with Bare(shown).run_test(size=(120, 12), message_hook=messages.add) as pilot:
        shown.set_rows(things(64))
        await pilot.pause()
        await pilot.click(VirtualTable, offset=Offset(20, 4))
        assert shown.selected == thing(3)
        await pilot.click(VirtualTable, offset=Offset(20, 5), times=2)
        assert [m.record for m in messages.seen if isinstance(m, VirtualTable.Opened)] == [thing(4)]
        await pilot.click(VirtualTable, offset=Offset(picture(pilot.app)[0].index("CPU"), 0))
        assert shown.sorted_by == "cpu"
        await pilot.click(VirtualTable, offset=Offset(picture(pilot.app)[0].index("Image"), 0))
        assert shown.sorted_by == "cpu"


async def test_a_cell_cannot_inject():
    """Markup is text here, whatever brackets it has."""
    shown = table()
    async with Bare(shown).run_test(size=(120, 12)) as pilot:
        shown.set_rows([thing(1, name="[bold red]x[/] [@click=app.quit]"), thing(2, name="你好世界" * 20)])
        await pilot.pause()
        rows = picture(pilot.app)
        assert "[bold red]x[/] [@click=app.quit]" in rows[1]
        assert "好世…   acme/web" in rows[2]


@pytest.mark.parametrize("width", [1, 2, 5, 12, 30, 79, 200])
async def test_any_width(width):
    shown = table()
    async with Bare(shown).run_test(size=(width, 8)) as pilot:
        shown.set_rows(things(100))
        await pilot.pause()
        await pilot.resize_terminal(width + 3, 5)
        await pilot.press("G", "k")
        await pilot.pause()
        assert all(len(row) <= width + 3 for row in picture(pilot.app))
        assert shown.selected == thing(98)


async def test_a_resize_keeps_the_picture_whole():
    shown = table()
    async with Bare(shown).run_test(size=(60, 10)) as pilot:
        shown.set_rows(things(100))
        await pilot.press("G")
        await pilot.resize_terminal(120, 30)
        await pilot.pause()
        rows = picture(pilot.app)
        assert "Memory" in rows[0]
        assert "billing-99" in rows[-1]


def test_columns_go_by_priority_and_the_first_stays():
    columns = [
        Column(str(i), str(i), lambda r, _: "", width, grow=grow, priority=p)
        for i, (width, grow, p) in enumerate([(10, 0, 0), (20, 1, 0), (10, 0, 5), (10, 0, 2)])
    ]

    def kept(width):
        return [span.column for span in fitted(columns, width)]

    assert kept(56) == [0, 1, 2, 3]
    assert kept(55) == [0, 1, 3]
    assert kept(43) == [0, 1]
    assert kept(31) == [0]
    assert fitted(columns, 5)[0].width == 5
    assert [span.width for span in fitted(columns, 80)] == [10, 44, 10, 10]
    assert [span.width for span in fitted(columns, 80, {1: 28})] == [10, 28, 10, 10]
    assert [span.width for span in fitted(columns, 58, {1: 28})] == [10, 22, 10, 10]
    last = fitted(columns, 80)[-1]
    assert last.start + last.width == 80


def test_nothing_sorts_last_either_way_round():
    rows = Rows()
    values = {"a": 2, "b": None, "c": 1, "d": float("nan")}
    rows.replace([thing(0, id=key, name=key) for key in values])
    for reverse in (False, True):
        rows.order(None, lambda row: values[row.id], reverse=reverse)
        assert [rows.at(i).id for i in range(2)] == (["a", "c"] if reverse else ["c", "a"])
        assert {rows.at(i).id for i in (2, 3)} == {"b", "d"}


def test_rows_agree_with_sorting_it_all():
    rng = random.Random(2)
    rows = Rows()
    truth = {}
    rows.order(lambda row: row.name, lambda row: row.cpu, reverse=True)
    rows.filter(lambda row: row.cpu < 50)
    for _ in range(200):
        changed = {}
        for n in rng.sample(range(300), rng.choice([1, 5, 200])):
            changed[f"t{n:06}"] = None if rng.random() < 0.2 else thing(n, cpu=float(rng.randrange(60)))
        rows.apply(changed)
        truth.update(changed)
        wanted = sorted(
            (r for r in truth.values() if r and r.cpu < 50),
            key=lambda r: (r.cpu, r.name.casefold(), r.id),
            reverse=True,
        )
        assert [rows.at(i) for i in range(len(rows))] == wanted
        if wanted:
            pick = rng.randrange(len(wanted))
            assert rows.index(wanted[pick].id) == pick
    assert rows.at(-1) is None
    assert rows.at(len(rows)) is None

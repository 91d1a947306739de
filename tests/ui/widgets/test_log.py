"""The log: follow, search over all of it, bounds, colours that cannot do harm."""

import itertools
from datetime import UTC

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.events import MouseScrollUp
from textual.geometry import Offset
from textual.selection import Selection

from console.ui.widgets.lines import Lines, breaks, searched
from console.ui.widgets.log import LogView
from console.ui.widgets.sgr import plain, styled
from console.world.model import LogLine
from tests.ui.widgets.bare import NOW, Bare
from tests.ui.widgets.test_table import Messages, Painted, picture


def line(text, stream="stdout", at=NOW):
    return LogLine(at, stream, text)


def numbered(first, count):
    return [line(f"line {n}") for n in range(first, first + count)]


async def test_follows_until_somebody_scrolls_up():
    view = LogView()
    async with Bare(view).run_test(size=(60, 10)) as pilot:
        view.append(numbered(0, 100))
        await pilot.pause()
        assert picture(pilot.app)[-1] == "  line 99"
        view.append(numbered(100, 5))
        await pilot.pause()
        assert picture(pilot.app)[-1] == "  line 104"
        await pilot.press("k")
        assert not view.follow
        before = picture(pilot.app)
        view.append(numbered(105, 50))
        await pilot.pause()
        assert picture(pilot.app) == before
        await pilot.press("f")
        await pilot.pause()
        assert view.follow
        assert picture(pilot.app)[-1] == "  line 154"
        await pilot._post_mouse_events([MouseScrollUp], LogView)
        await pilot.pause()
        assert not view.follow


async def test_lines_out_of_sight_paint_nothing(monkeypatch):
    view = LogView()
    async with Bare(view).run_test(size=(60, 10)) as pilot:
        view.append(numbered(0, 100))
        await pilot.press("g")
        await pilot.pause()
        painted = Painted(view, monkeypatch)
        view.append(numbered(100, 50))
        await pilot.pause()
        assert (painted.lines, painted.rows) == (0, 0)


async def test_keeps_its_limit_and_counts_what_it_dropped():
    view = LogView(limit=100)
    async with Bare(view).run_test(size=(60, 10)) as pilot:
        view.append(numbered(0, 90))
        await pilot.press("g", "pagedown", "pagedown", "pagedown")
        await pilot.pause()
        before = picture(pilot.app)
        view.append(numbered(90, 25))
        await pilot.pause()
        assert (view.line_count, view.dropped) == (100, 15)
        assert picture(pilot.app) == before  # what is read stays in its place while the top falls off
        view.append(numbered(115, 1000))
        await pilot.pause()
        assert (view.line_count, view.dropped) == (100, 1015)
        assert view.plain().splitlines()[0] == "line 1015"
        assert "1,015 older dropped" in view.status


async def test_search_counts_over_the_whole_buffer_and_goes_round():
    view = LogView()
    async with Bare(view).run_test(size=(60, 10)) as pilot:
        view.append(numbered(0, 1000))
        await pilot.press("g")
        view.find("line 99")
        await pilot.pause()
        assert view.match_count == 11
        assert view.status == "1,000 lines · match 1 of 11"
        assert any(row == "  line 99" for row in picture(pilot.app))
        await pilot.press("n")
        await pilot.pause()
        assert any(row == "  line 990" for row in picture(pilot.app))
        await pilot.press("N", "N")
        assert view.match_index == 10
        view.append(numbered(9900, 100))
        assert view.match_count == 111
        view.find("re:^line [0-9]$")
        assert view.match_count == 10
        view.find("re:(")
        assert view.find_error is not None
        assert view.match_count == 0
        view.find("LINE 1")
        assert view.find_error is None
        assert "no match" in view.status
        view.find("")
        assert "match" not in view.status


async def test_a_match_stays_current_when_the_top_falls_off():
    view = LogView(limit=50)
    async with Bare(view).run_test(size=(60, 10)) as pilot:
        view.append(numbered(0, 50))
        view.find("line 4")
        await pilot.press("N", "N")
        assert view.match_index == 10
        view.append(numbered(50, 10))
        assert view._lines.matches[view.match_index].line == 49
        view.append(numbered(60, 60))
        assert view.match_index is None


async def test_wrap_keeps_every_word_and_the_place():
    view = LogView()
    async with Bare(view).run_test(size=(40, 12)) as pilot:
        view.append([line("head"), line("lorem ipsum dolor sit amet " * 4, "stderr"), line("tail")])
        await pilot.pause()
        assert len([row for row in picture(pilot.app) if row]) == 3
        await pilot.press("w")
        await pilot.pause()
        rows = [row for row in picture(pilot.app) if row]
        assert rows[1].startswith("┃ lorem")
        assert rows[2].startswith("  ")
        assert " ".join(" ".join(row[2:] for row in rows[1:-1]).split()) == ("lorem ipsum dolor sit amet " * 4).strip()
        assert rows[-1] == "  tail"


async def test_times_and_signs_do_not_rest_on_colour():
    view = LogView(tz=UTC)
    async with Bare(view).run_test(size=(60, 10)) as pilot:
        view.append(
            [
                line("out"),
                line("err", "stderr"),
                line("older lines are gone", "note", None),
                line("##[group]Run tests"),
                line("##[endgroup]"),
                line("\x1b[31m##[error]exit 1"),
            ]
        )
        await pilot.press("t")
        await pilot.pause()
        assert [row for row in picture(pilot.app) if row] == [
            "14:13:20    out",
            "14:13:20  ┃ err",
            "          · older lines are gone",
            "14:13:20  ▸ Run tests",
            "14:13:20  ✖ exit 1",
        ]


async def test_copy_gives_the_lines_of_the_log_not_of_the_screen():
    view = LogView()
    messages = Messages()
    async with Bare(view).run_test(size=(30, 10), message_hook=messages.add) as pilot:
        view.append([line("\x1b[32mfirst\x1b[0m line"), line("x" * 50), line("last")])
        view.wrap = True
        await pilot.pause()
        assert view.get_selection(Selection(Offset(6, 0), Offset(2, 2))) == ("line\n" + "x" * 30, "\n")
        assert view.get_selection(Selection(None, None)) == ("first line\n" + "x" * 50 + "\nlast", "\n")
        await pilot.press("y")
        await pilot.pause()
    copied = [message.text for message in messages.seen if isinstance(message, LogView.Copied)]
    assert copied == ["first line\n" + "x" * 50 + "\nlast"]


async def test_mouse_selects_text():
    view = LogView()
    async with Bare(view).run_test(size=(40, 10)) as pilot:
        view.append([line("hello brave world")])
        await pilot.pause()
        await pilot.mouse_down(LogView, offset=(8, 0))
        await pilot.hover(LogView, offset=(12, 0))
        await pilot.mouse_up(LogView, offset=(12, 0))
        await pilot.pause()
        assert pilot.app.screen.get_selected_text() == "brave"


async def test_clear_and_empty():
    view = LogView(empty="no line yet")
    async with Bare(view).run_test(size=(40, 10)) as pilot:
        await pilot.pause()
        assert picture(pilot.app)[0] == "  no line yet"
        view.append(numbered(0, 5))
        view.clear()
        await pilot.pause()
        assert picture(pilot.app)[0] == "  no line yet"
        view.empty = "it ended"
        await pilot.press("n", "y", "G", "w")
        await pilot.pause()
        assert picture(pilot.app)[0] == "  it ended"


HOSTILE = [
    "\x1b]0;title\x07text",
    "\x1b[2J\x1b[Htext",
    "\x1b[8mtext\x1b[0m",
    "\x9b31mtext",
    "te\x08xt",
    "text\u202e",
    "\x1b[38;5;999;2;1mtext",
    "\x1b[38;2;300;0;0mtext",
    "\x1b[" + "1;" * 5000 + "mtext",
    "\x1b[text",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_only_colours_pass(text):
    shown = plain(text)
    assert "\x1b" not in shown
    assert shown.isprintable()
    assert "ext" in shown
    assert all(style is None or not style.conceal for _, style in styled(text))


@given(st.text(alphabet=st.sampled_from("ab\x1b[;0189m \t\x07你\u202e"), max_size=60))
def test_pieces_are_the_plain_text(text):
    assert "".join(piece for piece, _ in styled(text)) == plain(text)
    assert plain(text) == "" or plain(text).isprintable()


def test_colours():
    pieces = styled("\x1b[1;31mred\x1b[22m thin\x1b[39m none\x1b[0m \x1b[38;5;208m256\x1b[48;2;1;2;3mrgb\x1b[m\tx")
    looks = [
        (text, style.bold if style else None, style.color.number if style and style.color else None)
        for text, style in pieces
    ]
    assert looks[0] == ("red", True, 1)
    assert looks[1] == (" thin", None, 1)
    assert looks[2] == (" none", None, None)
    assert pieces[4][1].color.number == 208
    assert pieces[5][1].bgcolor.triplet == (1, 2, 3)
    assert pieces[6] == ("    ", None)  # to the next of the columns 8, 16, 24


@given(st.text(alphabet="ab 你é", max_size=200), st.integers(2, 40))
def test_breaks_part_no_character_and_lose_none(text, width):
    from rich.cells import cell_len

    starts = [*breaks(text, width), len(text)]
    rows = [text[a:b] for a, b in itertools.pairwise(starts)]
    assert "".join(rows) == text
    assert all(cell_len(row) <= width for row in rows)


@given(st.lists(st.lists(st.text(alphabet="a 你", max_size=40), max_size=8), max_size=12), st.sampled_from([0, 5, 9]))
def test_rows_and_lines_agree_whatever_falls_out(batches, width):
    lines = Lines(10)
    lines.wrap(width)
    lines.find(searched("a"))
    for batch in batches:
        lines.append([line(text) for text in batch])
        places = [lines.place(row) for row in range(lines.rows)]
        fresh = Lines(10)
        fresh.wrap(width)
        fresh.append([line(one.text) for one in lines.kept])
        assert places == [fresh.place(row) for row in range(fresh.rows)]
        assert all(lines.place(lines.row(at)) == (at, 0) for at in range(len(lines)))
        fresh.find(searched("a"))
        assert [(m.line - lines.dropped, m.start) for m in lines.matches] == [(m.line, m.start) for m in fresh.matches]

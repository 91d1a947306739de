"""/ filters while one types; enter keeps it, esc drops it; what cannot be understood says why and changes nothing."""

from __future__ import annotations

from textual.events import Key

from tests.ui import worlds
from tests.ui.console import console


async def test_rows_that_match_stay_and_the_title_counts_them():
    async with console(worlds.afternoon()) as c:
        await c.press("3", "slash", *"checkout")
        await c.sees("4 of 18 match checkout")
        assert "postgres-1" not in c.text()
        await c.press("enter")
        assert c.app.focused is c.screen.pane.table


async def test_esc_drops_it_and_does_not_leave_the_screen():
    async with console(worlds.afternoon()) as c:
        await c.press("3", "slash", *"checkout", "enter")
        assert "postgres-1" not in c.text()
        await c.press("escape")
        await c.sees("postgres-1")
        assert c.app.current_mode == "fleet"


async def test_a_filter_of_a_field():
    async with console(worlds.afternoon()) as c:
        await c.press("3", "slash", *"host:us1", "enter")
        assert {row.host for row in map(c.screen.pane.table._rows.at, range(c.screen.pane.table.shown_count))} == {
            "us1"
        }


async def test_one_that_cannot_be_understood_says_why():
    async with console(worlds.afternoon()) as c:
        await c.press("3", "slash", *"hots:us1")
        await c.sees("There is no field hots", "filter not understood")


async def test_digits_and_question_marks_are_typed_into_it():
    async with console(worlds.afternoon()) as c:
        await c.press("3", "slash", "1", "question_mark")
        assert c.app.current_mode == "fleet"
        assert c.screen.pane.table.where == "1?"


async def test_s_sorts_by_the_next_column_and_v_turns_it_round():
    async with console(worlds.afternoon()) as c:
        await c.press("3", "s")
        await c.sees("by state")
        await c.press("s")
        await c.sees("by name")
        assert c.screen.pane.table._rows.at(0).name == "billing-1"
        await c.press("v")
        await c.sees("by name reversed")
        assert c.screen.pane.table._rows.at(0).name == "web-4"


async def test_what_is_typed_right_behind_the_key_does_nothing_else():
    async with console(worlds.afternoon()) as c:
        await c.press("3")
        await c.sees("checkout-canary")
        # Over a slow line keys arrive together: no picture is drawn between them.
        for key in "/is":
            c.app.post_message(Key("slash" if key == "/" else key, key))
        await c.until(lambda: type(c.app.focused).__name__ == "FilterInput", "the filter")
        await c.pilot.pause(0.1)
        assert len(c.app.screen_stack) == 1, "i opened no list of sources"
        assert c.screen.pane.table.sorted_by is None, "s sorted nothing"
        await c.press(*"checkout")
        await c.sees("match")

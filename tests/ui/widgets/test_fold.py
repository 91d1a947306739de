"""Groups of a job's log: folded to one line, opened again; an error is never folded away."""

from hypothesis import given
from hypothesis import strategies as st

from console.ui.widgets.lines import Lines
from console.ui.widgets.log import LogView
from console.world.model import LogLine
from tests.ui.widgets.bare import Bare
from tests.ui.widgets.test_table import picture

TEXTS = ("##[group]Install", "pip", "wheel", "##[endgroup]", "between", "##[group]Test", "pytest", "##[error]1 failed",
         "##[endgroup]", "after")  # fmt: skip


def lines(texts=TEXTS):
    return [LogLine(None, "stdout", text) for text in texts]


def shown(app):
    return [line.rstrip() for line in picture(app) if line.strip()]


OPEN = ["▾ Install", "  pip", "  wheel", "  between", "▾ Test", "  pytest", "✖ 1 failed", "  after"]
FOLDED = ["▸ Install", "  between", "▾ Test", "  pytest", "✖ 1 failed", "  after"]


async def test_a_key_folds_what_has_no_error_and_opens_it_again():
    view = LogView()
    async with Bare(view).run_test(size=(40, 12)) as pilot:
        view.append(lines())
        await pilot.pause()
        assert shown(pilot.app) == OPEN
        await pilot.press("z")
        await pilot.pause()
        assert shown(pilot.app) == FOLDED
        assert view.plain().count("pip") == 1, "what is folded is still there to be copied"
        await pilot.press("z")
        await pilot.pause()
        assert shown(pilot.app) == OPEN


async def test_a_click_folds_one_group():
    view = LogView()
    async with Bare(view).run_test(size=(40, 12)) as pilot:
        view.append(lines())
        await pilot.pause()
        await pilot.click(LogView, offset=(3, 4))
        await pilot.pause()
        assert shown(pilot.app) == [*OPEN[:4], "▸ Test", "  after"]
        await pilot.click(LogView, offset=(3, 4))
        await pilot.pause()
        assert shown(pilot.app) == OPEN


async def test_a_search_opens_the_group_that_hides_its_match():
    view = LogView()
    async with Bare(view).run_test(size=(40, 12)) as pilot:
        view.append(lines())
        await pilot.press("z")
        view.find("wheel")
        await pilot.pause()
        assert "  wheel" in shown(pilot.app)


async def test_lines_that_come_into_a_folded_group_stay_folded():
    view = LogView()
    async with Bare(view).run_test(size=(40, 12)) as pilot:
        view.append(lines(TEXTS[:2]))
        await pilot.press("z")
        view.append(lines(TEXTS[2:]))
        await pilot.pause()
        assert shown(pilot.app) == FOLDED


KINDS = st.sampled_from(("##[group]g", "##[endgroup]", "a", "b b b b b b b b", "##[error]e"))


@given(st.lists(st.lists(KINDS, max_size=8), max_size=8), st.integers(0, 12), st.lists(st.integers(0, 30), max_size=4))
def test_rows_and_lines_agree_whatever_is_folded(batches, width, folds):
    held = Lines(12)
    held.wrap(width)
    for batch in batches:
        held.append(lines(batch))
        for fold in folds:
            if fold < len(held) and held.foldable(fold):
                held.fold(fold, fold=not held.folded(fold))
        places = [held.place(row) for row in range(held.rows)]
        assert places == sorted(places)
        assert len(set(places)) == len(places)
        for row, (line, part) in enumerate(places):
            assert held.row(line) + part == row
            start, end = held.span(line, part)
            assert 0 <= start <= end <= len(held.kept[line].text)
        held.fold_all(fold=False)
        assert {line for line, _ in (held.place(row) for row in range(held.rows))} == set(range(len(held)))

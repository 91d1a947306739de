"""A bounded map: the newest value of a key, and the oldest keys go."""

from console.ui.widgets.kept import Kept


def test_a_later_value_stands_in_for_an_earlier_one():
    kept: Kept[str, int] = Kept(2)
    kept["a"] = 1
    kept["a"] = 2
    assert kept.get("a") == 2
    assert len(kept) == 1


def test_what_was_used_longest_ago_goes_first():
    kept: Kept[str, int] = Kept(2)
    kept["a"] = 1
    kept["b"] = 2
    assert kept.get("a") == 1
    kept["c"] = 3
    assert (kept.get("a"), kept.get("b"), kept.get("c")) == (1, None, 3)
    kept.clear()
    assert len(kept) == 0
    assert kept.get("a") is None

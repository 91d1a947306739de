"""The filter language: what it finds, and that it says what it does not understand."""

import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from console import where
from console.quantity import quantity
from console.regex import RegexError, compiled
from console.where import WhereError

ROW = {
    "name": "checkout-prod-1",
    "image": "acme/checkout:1.9.0",
    "state": "failed",
    "cpu": 81.5,
    "memory": 2 * 2**30,
    "age": 5400.0,
    "restarts": 3,
    "oom": True,
    "host": None,
    "networks": ("frontend", "backend"),
    "labels": {"team": "pay", "tier": "1"},
    "started": "2026-11-20",
}
FIELDS = frozenset(ROW)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "checkout",
        "CHECKOUT".lower(),
        "chko",
        "cprd",
        "checkout failed",
        "pay",
        "team=pay",
        "backend",
        "re:^checkout-.*-[0-9]+$",
        "re:CHECKOUT|nothing re:prod".replace("CHECKOUT", "checkout"),
        "!search",
        "!re:^web",
        "name:check",
        "name:chkprd",
        "state=failed",
        "state!=ok",
        "!state=ok",
        "image~:1\\.9",
        '"checkout:1.9.0"',
        "image='acme/checkout:1.9.0'",
        "cpu>80",
        "cpu>=81.5",
        "cpu>80%",
        "memory>1GiB",
        "memory=2GiB",
        "age<2h",
        "age>1h29m",
        "age<=90m",
        "restarts=3",
        "restarts!=2",
        "oom=yes",
        "host=",
        "host!=eu1",
        "networks=backend",
        "labels.team=pay",
        "labels:tier=1",
        "image>acme/checkout:1.8.0",
        "image<acme/checkout:1.10.0",
        "started<2026-12-01",
    ],
)
def test_finds(text):
    fields = None if text == "team=pay" else FIELDS
    row = ROW | {"team": "pay"} if text == "team=pay" else ROW
    assert where.compile(text, fields).matches(row)


@pytest.mark.parametrize(
    "text",
    [
        "search",
        "Checkout",
        "zzz",
        "ckz",
        "!checkout",
        "state=fail",
        "state:ok",
        "cpu>90",
        "memory<1GiB",
        "age>2h",
        "host:eu1",
        "host>1",
        "oom=no",
        "labels.team=web",
        "labels.absent:x",
        "checkout ok9",
        "81",
        "networks!=backend",
    ],
)
def test_does_not_find(text):
    assert not where.compile(text, FIELDS).matches(ROW)


def test_letters_lie_apart_only_within_reach():
    """A word spread over a whole sentence is not what anybody meant."""
    fuzzy = where.compile("cart")
    assert fuzzy.matches({"name": "c-a-r-t"})
    assert not fuzzy.matches({"why": "connection reset after a while, retry in a minute and then"})


@pytest.mark.parametrize(
    ("text", "column", "says"),
    [
        ("nam:x", 1, "Did you mean name?"),
        ("ok stat=x", 4, "Did you mean state?"),
        ("!stat=x", 2, "Did you mean state?"),
        ("checkout:1.9.0", 1, 'put it in quotes: "checkout:1.9.0"'),
        ("zzzz:1", 1, "There are age, cpu"),
        ('ok "open', 4, "not closed"),
        ("name:'open", 6, "not closed"),
        ("!", 1, "nothing to look for"),
        ("a ! b", 3, "nothing to look for"),
        ('""', 1, "nothing to look for"),
        ("cpu>", 5, "Nothing stands after cpu>"),
        ("name:", 6, "Nothing stands after name:"),
        ("re:", 4, "no regular expression"),
        ("re:[a", 4, "unterminated"),
        ("ok name~(", 9, "unterminated"),
        ("re:x(a+)+", 9, "might not end"),
    ],
)
def test_says_where_and_what(text, column, says):
    with pytest.raises(WhereError) as caught:
        where.compile(text, FIELDS)
    assert caught.value.column == column
    assert says in str(caught.value)
    assert caught.value.exit_code == 2


def test_bounds():
    with pytest.raises(WhereError, match="characters long"):
        where.compile("x" * 1001)
    with pytest.raises(WhereError, match="more than 32 terms"):
        where.compile("x " * 33)
    with pytest.raises(WhereError, match="longer than"):
        where.compile("re:" + "x" * 300)


def test_names_its_fields():
    found = where.compile("age<2h !state=ok web")
    assert found.fields == {"age", "state"}
    assert found
    assert not where.compile(" ")


@given(st.text(max_size=60))
@example("re:(?P<x>")
@example("re:\\")
@example("name~a{1,99999999999}")
@example("x{")
@example("re:x{3}{4}")
@example("re:[]")
@example("re:**")
def test_any_text_is_a_filter_or_a_where_error(text):
    try:
        found = where.compile(text, FIELDS)
    except WhereError as error:
        column = error.column
    else:
        column = 1
        assert found.matches(ROW) in (True, False)
    assert 1 <= column <= len(text) + 1


SIGNS = st.text(alphabet="ab1.*+?{}()[]|^$\\-:=!~<>\"' ,re", max_size=30)


@given(SIGNS)
def test_any_row_of_signs_is_a_filter_or_a_where_error(text):
    try:
        where.compile(text).matches({"a": "aaaa bbb 111", "b": 1})
    except WhereError:
        return


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.dictionaries(st.sampled_from(["a", "b", "age"]), VALUES, max_size=3),
    st.sampled_from(
        ["a", "!a", "abc", "a:x", "a=1", "a!=x", "a>1", "b<=2h", "age>1.2.3", "a~x", "re:x", "a.b=c", "a="]
    ),
)
def test_matching_is_total(row, text):
    found = where.compile(text)
    assert found.matches(row) in (True, False)
    if not text.startswith("!"):
        assert where.compile(f"!{text}").matches(row) is not found.matches(row) or text in ("abc", "a:x")


def test_a_number_of_many_thousand_digits():
    assert not where.compile("a x>1").matches({"x": 10**9000})
    assert where.compile("x>1").matches({"x": 10**9000})


@pytest.mark.parametrize(
    "pattern",
    [
        "(a+)+$",
        "(a|a)*b",
        "(a*)*",
        "(?:a?a?)+",
        "((ab)*c)*",
        r"(a)\1",
        "(?=a)b",
        "a*a*a*a*b",
        "(.*)(.*)(.*)(.*)x",
        "a{1,200}b{1,200}c{1,200}d*e",
    ],
)
def test_a_pattern_that_might_not_end_is_refused(pattern):
    with pytest.raises(RegexError):
        compiled(pattern, ignore_case=False)


@pytest.mark.parametrize(
    "pattern", ["^web-[0-9]+$", "a.*b.*c", "(?:foo|bar)-x?", "[)(]+", r"\(\d{1,3}\)", ".*timeout", "(abc){3}", "v?1"]
)
def test_patterns_people_type_are_taken(pattern):
    compiled(pattern, ignore_case=True)


def test_the_slowest_pattern_that_is_taken_ends_soon():
    slow = where.compile("re:a+a+b")
    started = time.process_time()
    assert not slow.matches({"x": "a" * 4000})
    assert time.process_time() - started < 2.0


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2h", 7200), ("1h30m", 5400), ("90", 90), ("1.5k", 1500), ("1KiB", 1024), ("2GiB", 2**31), ("5M", 5e6), ("5m", 300),
        ("80%", 80), ("80 %", 80), ("312 ms", 0.312), ("1.4k/s", 1400), ("-3", -3), (".5", 0.5), ("7d", 604_800),
        ("1.9.0", None), ("", None), ("h", None), ("1x", None), ("1" * 50, None), ("h1m", None),
    ],
)  # fmt: skip
def test_quantities(text, value):
    assert quantity(text) == (None if value is None else pytest.approx(value))

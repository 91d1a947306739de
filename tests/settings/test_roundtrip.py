"""What the settings say is what is written of them, and what is read again."""

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st

from console.settings.document import parse, scalar, written
from console.settings.durations import LONGEST_S, format_seconds, parse_seconds
from console.settings.load import load_text
from console.settings.model import (
    Agent,
    Alertmanager,
    DockerHost,
    GitHub,
    Panel,
    Prometheus,
    Seconds,
    SecretRef,
    Settings,
    Tls,
    Ui,
)
from console.settings.plain import enc_hook, leaves, plain

names = st.from_regex(r"[a-z0-9][a-z0-9._-]{0,20}", fullmatch=True)
texts = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Zl", "Zp")), max_size=20)
seconds = st.integers(100, 300_000).map(lambda ms: Seconds(ms / 1000))
references = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_@-]{0,20}(/[A-Za-z0-9]{1,9})?", fullmatch=True).map(SecretRef)
tls = st.none() | st.builds(Tls, ca=texts)
filled = texts.filter(str.strip)


@st.composite
def settings(draw):
    prometheus = draw(
        st.lists(st.builds(Prometheus, name=names, timeout=seconds, token=st.none() | references), max_size=3)
    )
    prometheus = list({one.name: one for one in prometheus}.values())
    asked = st.sampled_from(["", *(one.name for one in prometheus)])
    docker = {
        name: DockerHost(name=name, url=f"ssh://{index}.example.com", environment=draw(texts), timeout=draw(seconds))
        for index, name in enumerate(draw(st.lists(names, max_size=3)))
    }
    panels = [
        Panel(name=name, title=draw(filled), query=draw(filled), prometheus=draw(asked), legend=draw(texts))
        for name in set(draw(st.lists(names, max_size=3)))
        if prometheus
    ]
    return Settings(
        organisation=draw(texts),
        docker=tuple(docker.values()),
        github=tuple(draw(st.lists(st.builds(GitHub, name=names, token=references, tls=tls), max_size=1))),
        prometheus=tuple(prometheus),
        alertmanager=tuple(draw(st.lists(st.builds(Alertmanager, name=names, prometheus=asked), max_size=1))),
        panels=tuple(panels),
        agent=draw(st.builds(Agent, idle_exit=seconds.filter(lambda s: s >= 1))),
        ui=draw(st.builds(Ui, theme=st.just("quarterdeck"), mouse=st.booleans())),
    )


@limits(deadline=None)  # a loaded machine is not a wrong answer
@given(settings(), st.booleans())
def test_settings_written_as_yaml_read_back_the_same(given_settings, defaults):
    text = written(plain(given_settings, defaults=defaults) | ({"demo": None} if defaults else {}))
    loaded = load_text(text, Path("q.yaml"), {})
    assert loaded.settings == given_settings
    if defaults:
        for path, value in leaves(plain(given_settings)):
            if value is not None and value != [] and path != "demo":
                assert loaded.provenance.of(path).startswith("q.yaml:"), path


@limits(deadline=None)  # a loaded machine is not a wrong answer
@given(settings())
def test_settings_written_as_json_are_yaml_too(given_settings):
    text = msgspec.json.encode(given_settings, enc_hook=enc_hook).decode()
    assert load_text(text, Path("q.yaml"), {}).settings == given_settings


@limits(deadline=None)  # a loaded machine is not a wrong answer
@given(st.integers(0, int(LONGEST_S * 1000)))
def test_a_duration_reads_back_to_the_millisecond(milliseconds):
    duration = parse_seconds(milliseconds / 1000)
    assert parse_seconds(format_seconds(duration)) == duration
    assert isinstance(duration, Seconds)


@pytest.mark.parametrize(
    ("written", "value", "shown"),
    [
        ("30s", 30, "30s"),
        ("1h30m", 5400, "1h30m"),
        ("7d", 604_800, "7d"),
        ("2w", 1_209_600, "14d"),
        (600, 600, "10m"),
        (0.25, 0.25, "250ms"),
        ("1.5h", 5400, "1h30m"),
        ("90", 90, "1m30s"),
        (" 10M ", 600, "10m"),
        (0, 0, "0s"),
    ],
)
def test_durations(written, value, shown):
    assert parse_seconds(written) == value
    assert format_seconds(parse_seconds(written)) == shown


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "s",
        "1y",
        "1m1h",
        "1s1s",
        "-1s",
        -1,
        "nan",
        "inf",
        "1_0",
        "10 s",
        "1e9",
        1e400,
        True,
        None,
        [],
        "\N{ARABIC-INDIC DIGIT ONE}s",
    ],
)
def test_what_is_no_duration(raw):
    with pytest.raises(ValueError):
        parse_seconds(raw)


@pytest.mark.parametrize(
    ("text", "value"),
    [("no", "no"), ("on", "on"), ("1:30", "1:30"), ("2026-01-01", "2026-01-01"), ("0o7", "0o7"), ("010", 10)],
)
def test_scalars_follow_the_core_schema_of_today(text, value):
    assert scalar(text) == value


@limits(deadline=None)  # a loaded machine is not a wrong answer
@given(st.text(st.characters(codec="utf-8"), max_size=30) | st.floats(allow_nan=False) | st.booleans() | st.none())
def test_any_plain_value_reads_back_as_it_was_written(value):
    node, problems = parse(written({"key": [value]}), "q.yaml")
    assert problems == []
    assert node.value["key"].value[0].value == value

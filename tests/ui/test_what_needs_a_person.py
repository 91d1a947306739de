"""What needs a person: pure, from single records; a later success takes a failed run off the list."""

from __future__ import annotations

import msgspec

from console.alerts.model import Matcher, Silence
from console.monitoring.model import Target
from console.needs import need_of, runs_needing
from console.pipelines.model import Run
from console.ui.matching import matches
from console.ui.standing import alert_counts, container_counts, run_counts
from console.world.model import Notice
from tests.ui import worlds

NOW = worlds.NOW
RUNS = [r for r in worlds.pipelines() if isinstance(r, Run)]
FAILED = next(r for r in RUNS if r.id == worlds.FAILED_RUN)
ALERT = next(r for r in worlds.alerts() if r.id == "main/f1")


def test_the_worst_comes_first_and_among_equals_the_newest():
    needs = sorted((need for record in worlds.afternoon() if (need := need_of(record))), key=lambda need: need.rank)
    assert [need.word for need in needs] == sorted((n.word for n in needs), key=["failed", "warning", "stale"].index)
    assert [need.kind for need in needs[:2]] == ["source", "notice"]


def test_what_is_well_needs_nobody():
    assert [need_of(record) for record in worlds.calm() if need_of(record)] == []
    assert need_of(Notice(id="n", level="info", message="a new version", since=NOW)) is None
    assert need_of(Target(id="t", source="p", pool="x", health="unknown")) is None


def test_a_run_that_failed_needs_somebody_until_a_newer_one_of_its_branch_passes():
    assert [need.record_id for need in runs_needing([FAILED], NOW)] == [FAILED.id]
    newer = msgspec.structs.replace(FAILED, id="acme/checkout/9999", run_id=9999, conclusion="success", created_at=NOW)
    assert runs_needing([newer, FAILED], NOW) == []
    elsewhere = msgspec.structs.replace(newer, branch="feat/x")
    assert [need.record_id for need in runs_needing([elsewhere, FAILED], NOW)] == [FAILED.id]


def test_a_failure_of_yesterday_needs_nobody_but_a_run_that_waits_does():
    assert runs_needing([FAILED], NOW + 2 * worlds.DAY) == []
    waiting = next(r for r in RUNS if r.status == "waiting")
    assert [need.word for need in runs_needing([waiting], NOW + 2 * worlds.DAY)] == ["waiting"]


def test_an_out_of_memory_kill_says_so():
    killed = next(r for r in worlds.fleet() if r.id == "us1/dead00000001")
    assert need_of(killed).why == "killed: out of memory"


def test_counts_are_worst_first():
    assert run_counts(RUNS, NOW)[0] == ("failed", 1)
    assert sum(n for _, n in run_counts(RUNS, NOW)) == len(RUNS)
    assert container_counts(r for r in worlds.fleet() if r.topic == "containers")[0] == ("failed", 2)
    assert alert_counts(r for r in worlds.alerts() if r.topic == "alerts") == [
        ("failed", "critical", 1),
        ("warning", "warning", 2),
        ("stale", "missing", 1),
        ("waiting", "silenced", 1),
    ]


def silence(*matchers: Matcher) -> Silence:
    return Silence(id="main/x", cluster="main", matchers=matchers)


def test_a_silence_matches_when_every_matcher_holds():
    assert matches(silence(Matcher("alertname", "CheckoutErrorRate"), Matcher("service", "check.*", regex=True)), ALERT)
    assert not matches(silence(Matcher("alertname", "CheckoutErrorRate"), Matcher("service", "search")), ALERT)
    assert not matches(silence(), ALERT), "a silence without matchers silences nothing"


def test_regular_expressions_are_anchored_and_an_absent_label_is_empty():
    assert not matches(silence(Matcher("alertname", "Checkout", regex=True)), ALERT)
    assert matches(silence(Matcher("alertname", ".*Error.*", regex=True)), ALERT)
    assert matches(silence(Matcher("team", "")), ALERT)
    assert matches(silence(Matcher("team", "web", equal=False)), ALERT)
    assert matches(silence(Matcher("alertname", "A|CheckoutErrorRate", regex=True)), ALERT)


def test_a_pattern_that_might_not_end_is_not_tried():
    assert not matches(silence(Matcher("alertname", "(a+)+$", regex=True)), ALERT)


def test_alertmanagers_own_word_counts():
    silenced = msgspec.structs.replace(ALERT, silenced_by=("x",))
    assert matches(silence(Matcher("alertname", "(a+)+$", regex=True)), silenced)

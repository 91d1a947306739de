"""What becomes of an alert. Missing is not resolved."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.alerts import tracking
from console.alerts.model import Alert, alert_word
from console.alerts.tracking import (
    FLAP_WINDOW_S,
    HISTORY,
    QUIET_S,
    SHOWN_S,
    Health,
    RuleAlert,
    RuleView,
    Seen,
    Tracked,
    evidence_of,
    step,
)

T = 1_790_000_000.0
WELL = Health(healthy=frozenset({"m1", "m2"}), since=0.0, uptime_s=86_400.0)
DOWN = Health()
SEEN = Seen(fingerprint="f", labels={"alertname": "A", "severity": "critical"}, starts_at=T - 60, members=("m1", "m2"))


def firing(now: float = T, **more) -> Tracked:
    found = step(None, SEEN, WELL, now, cluster="c", **more)
    assert found is not None
    return found


def polls(old: Tracked | None, count: int, now: float, health: Health = WELL, every: float = 5.0, **more):
    """`count` polls without the alert; what is left, and the time of the last of them."""
    for _ in range(count):
        old = step(old, None, health, now, **more)
        now += every
    return old, now - every


def test_a_new_alert_fires_since_it_started():
    alert = firing().alert
    assert (alert.id, alert.name, alert.severity, alert.state) == ("c/f", "A", "critical", "firing")
    assert alert.since == T - 60
    assert [(c.state, c.why) for c in alert.history] == [("firing", "fired")]


def test_an_unchanged_alert_is_the_same_object():
    old = firing()
    assert step(old, SEEN, WELL, T + 5) is old


def test_it_can_be_suppressed_and_come_back():
    silenced = msgspec.structs.replace(SEEN, suppressed=True, silenced_by=("s1",))
    one = step(firing(), silenced, WELL, T + 5)
    assert (one.alert.state, one.alert.since, one.alert.silenced_by) == ("suppressed", T + 5, ("s1",))
    two = step(one, SEEN, WELL, T + 10)
    assert (two.alert.state, two.alert.since) == ("firing", T + 10)
    assert [c.why for c in two.alert.history] == ["fired", "silenced", "no longer suppressed"]
    assert not two.alert.flapping


def test_one_poll_without_it_changes_nothing_and_two_make_it_missing():
    one, now = polls(firing(), 1, T + 5)
    assert one.alert == firing().alert
    two = step(one, None, WELL, now + 5)
    assert (two.alert.state, two.alert.since) == ("missing", now + 5)
    assert "not confirmed" in two.alert.why
    assert step(one, SEEN, WELL, now + 5).alert == firing().alert


def test_missing_is_not_resolved_before_five_minutes():
    missing, _ = polls(firing(), 59, T + 5)
    assert missing.alert.state == "missing"
    resolved = step(missing, None, WELL, T + 5 + QUIET_S)
    assert (resolved.alert.state, resolved.alert.since) == ("resolved", T + 5 + QUIET_S)


@pytest.mark.parametrize(
    "health",
    [
        msgspec.structs.replace(WELL, uptime_s=QUIET_S - 1),
        msgspec.structs.replace(WELL, uptime_s=None),
        msgspec.structs.replace(WELL, since=T + QUIET_S),
        msgspec.structs.replace(WELL, healthy=frozenset({"m3"}), down=frozenset({"m1", "m2"})),
    ],
    ids=["restarted", "does not say how long it runs", "has not answered for long", "the members that had it are down"],
)
def test_five_minutes_count_only_for_a_settled_witness(health):
    missing, _ = polls(firing(), 70, T + 5, health)
    assert missing.alert.state == "missing"


def test_an_alertmanager_that_restarts_loses_no_alert():
    restarted = msgspec.structs.replace(WELL, uptime_s=3.0)
    missing, now = polls(firing(), 12, T + 5, restarted)
    assert missing.alert.state == "missing"
    back = step(missing, SEEN, WELL, now + 5)
    assert (back.alert.state, back.alert.history[-1].why) == ("firing", "reported again")
    assert len(back.fires) == 1


def test_prometheus_confirms_what_it_was_once_seen_to_fire():
    known = firing(evidence="firing")
    missing, now = polls(known, 2, T + 5)
    resolved = step(missing, None, WELL, now + 5, evidence="absent")
    assert resolved.alert.state == "resolved"
    assert "Prometheus no longer fires it" in resolved.alert.why


def test_another_prometheus_confirms_nothing():
    missing, now = polls(firing(evidence="none"), 2, T + 5)
    assert step(missing, None, WELL, now + 5, evidence="absent").alert.state == "missing"


def test_what_prometheus_still_fires_never_resolves():
    missing, _ = polls(firing(evidence="firing"), 400, T + 5, evidence="firing")
    assert missing.alert.state == "missing"
    assert "still fires" in missing.alert.why


def test_a_resolved_alert_is_shown_for_an_hour_and_may_fire_again():
    resolved, now = polls(firing(), 62, T + 5)
    assert resolved.alert.state == "resolved"
    assert alert_word(resolved.alert) == "ok"
    assert step(resolved, None, WELL, resolved.alert.since + SHOWN_S - 1) is resolved
    assert step(resolved, None, WELL, resolved.alert.since + SHOWN_S) is None
    again = step(resolved, msgspec.structs.replace(SEEN, starts_at=now), WELL, now + 5)
    assert (again.alert.state, again.alert.history[-1].why) == ("firing", "fired again")


def test_what_fires_three_times_in_a_quarter_of_an_hour_flaps_and_its_resolve_is_held():
    now, old = T, None
    for _ in range(3):
        old = step(old, msgspec.structs.replace(SEEN, starts_at=now), WELL, now, cluster="c", evidence="firing")
        flapped = old
        old, now = polls(old, 3, now + 5, evidence="absent")
        now += 5
    assert flapped.alert.flapping
    assert (old.alert.state, old.alert.flapping) == ("missing", True)
    assert "flaps" in old.alert.why
    held, _ = polls(old, 170, now, evidence="absent")
    assert held.alert.state == "missing"
    late = old.absent_since + FLAP_WINDOW_S
    resolved = step(held, None, WELL, late, evidence="absent")
    assert (resolved.alert.state, resolved.alert.flapping) == ("resolved", False)


def test_flapping_ends_when_it_fires_for_long():
    now, old = T, None
    for start in range(3):
        old = step(old, msgspec.structs.replace(SEEN, starts_at=T + 10 * start), WELL, now + 10 * start)
    assert old.alert.flapping
    steady = msgspec.structs.replace(SEEN, starts_at=T + 20)
    assert step(old, steady, WELL, T + 21).alert.flapping
    assert not step(old, steady, WELL, T + 21 + FLAP_WINDOW_S).alert.flapping


def test_nothing_comes_of_nothing():
    assert step(None, None, WELL, T) is None
    assert step(None, None, DOWN, T) is None


POLLS = st.lists(
    st.tuples(
        st.sampled_from(["seen", "silenced", "absent", "down", "later"]),
        st.sampled_from(["firing", "absent", "none"]),
        st.floats(1, 400),
        st.floats(0, 1000),
    ),
    max_size=60,
)


@settings(max_examples=200)
@given(POLLS)
def test_what_need_not_be_worked_out_would_have_come_out_the_same(events):
    now, old, starts = T, None, T
    for what, evidence, wait_s, uptime_s in events:
        now += wait_s
        starts = now if what == "later" else starts
        seen = Seen(fingerprint="f", starts_at=starts, members=("m1",), suppressed=what == "silenced")
        seen_now = seen if what in ("seen", "silenced", "later") else None
        health = DOWN if what == "down" else Health(frozenset({"m1"}), T, uptime_s)
        new = step(old, seen_now, health, now, cluster="c", evidence=evidence)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(tracking, "_unmoved", lambda *_: False)
            assert new == step(old, seen_now, health, now, cluster="c", evidence=evidence)
        old = new


@given(POLLS)
def test_whatever_happens(events):
    """The properties of the machine over any course of polls."""
    now, old, starts, first_absent = T, None, T, None
    for what, evidence, wait_s, uptime_s in events:
        now += wait_s
        if what == "later":
            starts = now
        seen = Seen(fingerprint="f", starts_at=starts, members=("m1",), suppressed=what == "silenced")
        seen_now = seen if what in ("seen", "silenced", "later") else None
        health = DOWN if what == "down" else Health(frozenset({"m1"}), T, uptime_s)
        new = step(old, seen_now, health, now, cluster="c", evidence=evidence)
        if what == "down":
            assert new is old, "unreachable changes nothing"
        elif seen_now is not None:
            assert new.alert.state == ("suppressed" if what == "silenced" else "firing")
            first_absent = None
        elif new is not None:
            first_absent = now if first_absent is None else first_absent
            if new.alert.state == "resolved" and old.alert.state != "resolved":
                assert old.alert.state == "missing" or old.polls == 1
                assert evidence != "firing"
                assert evidence == "absent" or (now - first_absent >= QUIET_S and uptime_s >= QUIET_S)
        if new is not None:
            alert = new.alert
            assert alert.id == "c/f"
            assert len(alert.history) <= HISTORY
            assert alert.history[-1].state == alert.state
            assert [c.at for c in alert.history] == sorted(c.at for c in alert.history)
            assert alert.since <= now
            assert msgspec.json.decode(msgspec.json.encode(new), type=Tracked) == new
        old = new


def rule(*alerts: RuleAlert, **more) -> RuleView:
    facts = {"source": "p", "name": "A", "kind": "alerting", "health": "ok"} | more
    return RuleView(**{"firing": sum(a.state == "firing" for a in alerts)} | facts, alerts=alerts)


def test_evidence_goes_by_the_labels_that_both_sides_have():
    labels = {"alertname": "A", "instance": "a", "region": "eu"}
    fires = RuleAlert("firing", {"alertname": "A", "instance": "a", "replica": "1"})
    other = RuleAlert("firing", {"alertname": "A", "instance": "b"})
    pending = RuleAlert("pending", {"alertname": "A", "instance": "a"})
    assert evidence_of(labels, [rule(fires)]) == "firing"
    assert evidence_of(labels, [rule(other)]) == "absent"
    assert evidence_of(labels, [rule(pending)]) == "absent"
    assert evidence_of(labels, [rule()]) == "absent"
    assert evidence_of(labels, [rule(), rule(fires)]) == "firing"
    assert evidence_of(labels, [rule(other, firing=500)]) == "firing"
    assert evidence_of(labels, [rule(health="err")]) == "none"
    assert evidence_of(labels, [rule(kind="recording")]) == "none"
    assert evidence_of(labels, [rule(fires, name="B")]) == "none"
    assert evidence_of(labels, []) == "none"


@pytest.mark.parametrize(
    ("state", "severity", "word"),
    [
        ("firing", "critical", "failed"),
        ("firing", "", "failed"),
        ("firing", "info", "warning"),
        ("suppressed", "critical", "waiting"),
        ("missing", "critical", "stale"),
        ("resolved", "critical", "ok"),
    ],
)
def test_words(state, severity, word):
    assert alert_word(Alert(id="i", cluster="c", fingerprint="f", state=state, severity=severity)) == word

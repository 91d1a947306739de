"""What is wrong, from records alone."""

from __future__ import annotations

import msgspec

from console.alerts.model import Alert
from console.client.replica import Batch, Link, Replica
from console.fleet.model import Container
from console.needs import needs
from console.overview import overview
from console.pipelines.model import Run
from console.shape import fields, word
from console.topics import TOPICS
from console.world.model import Notice, Record, Source

NOW = 1_790_000_000.0


def world(*records: Record) -> Replica:
    replica = Replica()
    replica.apply(Batch(Link("live", NOW), True, [(r.topic, r.id, r) for r in records]))
    return replica


def run(number: int, conclusion: str, **facts: object) -> Run:
    base = {
        "repository": "acme/web",
        "run_id": number,
        "number": number,
        "workflow": "CI",
        "branch": "main",
        "status": "completed",
        "updated_at": NOW - 60,
    }
    return Run(id=f"acme/web/{number}", conclusion=conclusion, **{**base, **facts})


def test_nothing_is_wrong_in_an_empty_world():
    assert overview(Replica(), NOW).needs == ()


def test_a_failure_that_was_mended_since_is_history():
    assert needs(world(run(1, "failure"), run(2, "success")), NOW) == []
    (only,) = needs(world(run(1, "success"), run(2, "failure")), NOW)
    assert only.record_id == "acme/web/2"
    assert len(needs(world(run(1, "failure"), run(2, "failure", branch="dev")), NOW)) == 2


def test_the_worst_stands_first_and_the_newest_before_the_older():
    found = needs(
        world(
            Alert(id="m/1", cluster="m", fingerprint="1", name="Slow", severity="warning", starts_at=NOW - 5),
            Container(id="eu1/a", host="eu1", name="a", image="x", state="exited", exit_code=1, finished_at=NOW - 50),
            Container(
                id="eu1/b",
                host="eu1",
                name="b",
                image="x",
                state="exited",
                exit_code=137,
                oom_killed=True,
                finished_at=NOW - 9,
            ),
            Container(id="eu1/c", host="eu1", name="c", image="x", state="exited", exit_code=0, finished_at=NOW - 1),
            Source(id="docker/eu1", kind="docker", state="failed", error="no answer", since=NOW - 3),
            Notice(id="settings", level="error", message="The settings are wrong.", since=NOW - 100),
        ),
        NOW,
    )
    assert [n.record_id for n in found] == ["docker/eu1", "eu1/b", "eu1/a", "settings", "m/1"]
    assert "out of memory" in found[1].why


def test_a_silenced_alert_needs_nobody_and_a_missing_one_is_not_forgotten():
    silenced = Alert(id="m/1", cluster="m", fingerprint="1", state="suppressed")
    missing = Alert(id="m/2", cluster="m", fingerprint="2", state="missing")
    (only,) = needs(world(silenced, missing), NOW)
    assert (only.record_id, only.word) == ("m/2", "stale")
    assert word(missing) == "stale"


def test_a_watchdog_that_always_fires_needs_nobody():
    watchdog = Alert(id="m/1", cluster="m", fingerprint="1", name="Watchdog", severity="none")
    assert needs(world(watchdog), NOW) == []


def test_every_topic_can_be_filtered_and_counted():
    for topic, kind in TOPICS.items():
        needed = {f.encode_name: "x" for f in msgspec.structs.fields(kind) if f.required}
        numbers = {
            "run_id": 1,
            "job_id": 1,
            "since": 1.0,
            "started_at": 1.0,
            "pid": 1,
            "level": "info",
            "mode": "personal",
        }
        record = msgspec.convert({k: numbers.get(k, v) for k, v in needed.items()}, kind)
        shape = fields(record, NOW)
        assert shape["id"] == "x"
        assert topic == record.topic


def test_state_is_all_that_a_person_may_call_one():
    failed = fields(run(1, "failure"), NOW)
    assert set(failed["state"]) == {"failed", "completed", "failure"}
    ill = Container(id="eu1/a", host="eu1", name="a", image="x", state="running", health="unhealthy")
    assert set(fields(ill, NOW)["state"]) == {"unhealthy", "failed", "running"}

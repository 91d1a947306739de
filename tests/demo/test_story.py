"""A bad version is deployed, errors rise, the alert fires, a container falls ill, it is rolled back, all is clear."""

from __future__ import annotations

from console.demo.company import Company

START = 1_790_000_000.0


def test_the_first_story_is_told_within_ten_minutes():
    company = Company(seed=7, start=START)
    moments: dict[str, float] = {}

    def saw(what: str, now: float, is_so: bool) -> None:
        if is_so:
            moments.setdefault(what, now)

    before = {c.version for c in company.fleet.of_service("checkout", "production")}
    for second in range(0, 600, 3):
        now = START + second
        company.advance(now)
        containers = company.fleet.of_service("checkout", "production")
        alerts = {a.rule.name: a for a in company.alarms.alerts.values() if a.labels.get("service") == "checkout"}
        high = alerts.get("HighErrorRate")
        saw("bad version runs", now, any(c.sick for c in containers))
        saw("errors are up", now, company.signals.error_ratio("checkout", now) > 0.05)
        saw("alert pending", now, high is not None and not high.fired_at)
        saw("alert firing", now, high is not None and bool(high.fired_at))
        saw("container unhealthy", now, any(c.sick and c.health == "unhealthy" for c in containers))
        saw(
            "container killed",
            now,
            any(c.oom_killed for c in containers) or any(c.sick and c.restarts for c in containers),
        )
        if "alert firing" in moments:
            runs = company.forge.repositories["checkout"].runs
            saw(
                "roll-back runs",
                now,
                runs[-1].workflow.name == "Roll back"
                or any(r.workflow.name == "Roll back" and r.created > START for r in runs),
            )
            saw("old version again", now, "roll-back runs" in moments and {c.version for c in containers} == before)
            saw("all clear", now, "old version again" in moments and high is None)

    order = list(moments)
    assert set(order) == {
        "bad version runs", "errors are up", "alert pending", "alert firing", "container unhealthy", "container killed",
        "roll-back runs", "old version again", "all clear",
    }  # fmt: skip
    assert order.index("bad version runs") < order.index("errors are up") < order.index("alert firing")
    assert (
        order.index("alert firing")
        < order.index("roll-back runs")
        < order.index("old version again")
        < order.index("all clear")
    )
    assert moments["errors are up"] - START < 150


def test_an_alert_never_says_what_the_charts_do_not():
    company = Company(seed=3, start=START)
    for second in range(0, 1_500, 15):
        now = START + second
        company.advance(now)
        for alert in company.alarms.alerts.values():
            if alert.rule.name == "HighErrorRate":
                # Judged at most one evaluation ago.
                assert (
                    max(company.signals.error_ratio(alert.labels["service"], now - s) for s in range(0, 31, 3)) > 0.05
                )


def test_a_critical_alert_inhibits_its_services_warnings_and_nothing_else():
    company = Company(seed=7, start=START)
    for second in range(0, 400, 5):
        company.advance(START + second)
        inhibitors = company.alarms.inhibitors()
        for service, by in inhibitors.items():
            assert company.alarms.alerts[by].labels["service"] == service
            assert company.alarms.alerts[by].rule.severity == "critical"

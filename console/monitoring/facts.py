"""Rules and targets as Prometheus says them, made into records. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

import msgspec

from console.moment import moment
from console.monitoring import wire
from console.monitoring.answer import labels
from console.monitoring.model import ActiveAlert, Rule, Target, seconds
from console.text import clean

ALERTS = 200
"""Active alerts of a rule that are kept; their number is always right."""


def rules(source: str, groups: Iterable[wire.RuleGroup]) -> list[Rule]:
    return [_rule(source, group, rule, index) for group in groups for index, rule in enumerate(group.rules or [])]


def targets(source: str, found: Iterable[wire.Target]) -> list[Target]:
    return list(_distinct(_target(source, target) for target in found))


def summary(rules_now: Iterable[Rule], targets_now: Iterable[Target]) -> str:
    """What is wrong, in a few words for the source bar: 2 firing, 1 rule in error, 3 targets down."""
    words: Counter[str] = Counter()
    for rule in rules_now:
        words["firing"] += rule.firing
        words["pending"] += rule.pending
        words["rule in error"] += rule.health == "err"
    for target in targets_now:
        words["target down"] += target.health == "down"
    many = {"rule in error": "rules in error", "target down": "targets down"}
    return ", ".join(f"{n} {many.get(word, word) if n > 1 else word}" for word, n in words.items() if n)


def _rule(source: str, group: wire.RuleGroup, rule: wire.Rule, index: int) -> Rule:
    active = sorted(
        (ActiveAlert(clean(a.state, 20), labels(a.labels), moment(a.active_at)) for a in (rule.alerts or [])),
        key=lambda a: (a.state != "firing", sorted(a.labels.items())),
    )
    since = [a.active_since for a in active if a.active_since is not None]
    alerting = rule.type != "recording"
    name, file, group_name = clean(rule.name, 200), clean(group.file, 300), clean(group.name, 200)
    return Rule(
        id=f"{source}/{file}/{group_name}/{name}/{index}",
        source=source,
        group=group_name,
        file=file,
        name=name,
        kind="alerting" if alerting else "recording",
        query=clean(rule.query),
        health=clean(rule.health, 20),
        error=clean(rule.last_error, 500),
        state=clean(rule.state, 20),
        for_s=rule.duration,
        pending=sum(1 for a in active if a.state == "pending"),
        firing=sum(1 for a in active if a.state == "firing"),
        active_since=min(since, default=None),
        labels=labels(rule.labels),
        annotations=labels(rule.annotations, 1000),
        alerts=tuple(active[:ALERTS]),
    )


def _target(source: str, target: wire.Target) -> Target:
    own = labels(target.labels)
    pool, url = clean(target.scrape_pool, 200), clean(target.scrape_url, 500)
    return Target(
        id=f"{source}/{pool}/{url}",
        source=source,
        pool=pool,
        job=own.get("job", ""),
        instance=own.get("instance", ""),
        url=url,
        health=clean(target.health, 20),
        error=clean(target.last_error, 500),
        interval_s=seconds(target.scrape_interval),
        labels=own,
    )


def _distinct(found: Iterable[Target]) -> Iterator[Target]:
    # Two targets may share a URL and differ in labels alone; the later ones get a number.
    seen: Counter[str] = Counter()
    for target in found:
        seen[target.id] += 1
        n = seen[target.id]
        yield target if n == 1 else msgspec.structs.replace(target, id=f"{target.id}#{n}")

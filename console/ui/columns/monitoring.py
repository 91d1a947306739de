"""Lists of rules and targets."""

from __future__ import annotations

from console.monitoring.model import Rule, Target, rule_word, target_word
from console.ui.columns.cells import age, dim, state
from console.ui.shown import duration
from console.ui.widgets.columns import Cell, Column
from console.words import SEVERITY


def rule_state(rule: Rule) -> str:
    if rule.health == "err":
        return "in error"
    if rule.kind == "recording":
        return "records"
    return rule.state or rule.health


def rule_rank(rule: Rule) -> tuple[int, str, str]:
    return SEVERITY[rule_word(rule)], rule.group, rule.name


def rules(*, ascii: bool) -> tuple[Column[Rule], ...]:  # noqa: A002  # the word the settings use
    return (
        Column("state", "state", lambda r, _: state(rule_word(r), rule_state(r), ascii=ascii), 10,
               sort=lambda r: SEVERITY[rule_word(r)]),
        Column("name", "rule", lambda r, _: Cell(r.name, "bold"), 20, grow=2, sort=lambda r: r.name),
        Column("group", "group", lambda r, _: dim(r.group), 10, grow=1, priority=2, sort=lambda r: r.group),
        Column("error", "expression, or what is wrong with it", _expression, 24, grow=5, priority=1),
        Column("for", "waits", lambda r, _: dim(duration(r.for_s) if r.for_s else ""), 6, align="right", priority=3,
               sort=lambda r: r.for_s),
        Column("source", "prometheus", lambda r, _: dim(r.source), 10, priority=4, sort=lambda r: r.source),
        Column("since", "for", lambda r, now: age(r.active_since, now), 4, align="right", priority=1,
               sort=lambda r: r.active_since, ages=True),
    )  # fmt: skip


def _expression(rule: Rule, _: float) -> Cell:
    return Cell(rule.error, "failed") if rule.error else dim(rule.query)


def target_rank(target: Target) -> tuple[int, str, str]:
    return SEVERITY[target_word(target)], target.job, target.instance


def targets(*, ascii: bool) -> tuple[Column[Target], ...]:  # noqa: A002  # as above
    return (
        Column("state", "state", lambda t, _: state(target_word(t), t.health, ascii=ascii), 9,
               sort=lambda t: SEVERITY[target_word(t)]),
        Column("instance", "target", lambda t, _: Cell(t.instance or t.url, "bold"), 20, grow=2, sort=lambda t: t.instance),
        Column("job", "job", lambda t, _: t.job, 10, grow=1, priority=1, sort=lambda t: t.job),
        Column("error", "what is wrong", lambda t, _: Cell(t.error, "failed"), 20, grow=4, priority=2),
        Column("interval", "every", lambda t, _: dim(duration(t.interval_s) if t.interval_s else ""), 6, align="right",
               priority=3, sort=lambda t: t.interval_s),
        Column("url", "address", lambda t, _: dim(t.url), 24, grow=2, priority=5),
        Column("source", "prometheus", lambda t, _: dim(t.source), 10, priority=4, sort=lambda t: t.source),
    )  # fmt: skip

"""The bar of sources: each source's state and how old its facts may be, in as much room as there is. Pure: no textual."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from console.shape import source_word
from console.ui.shown import ago
from console.words import SEVERITY, StateWord
from console.world.model import Source, age_s

_REASONS = {
    "unreachable": "unreachable",
    "timeout": "timed out",
    "tls": "TLS refused",
    "protocol": "not understood",
    "refused": "access refused",
    "missing": "not found",
    "limited": "rate limited",
    "failed": "failed",
}


@dataclass(frozen=True)
class Entry:
    word: StateWord
    name: str
    text: str
    """What stands after the name: live, ≤15s, stale 42s."""
    more: str = ""
    """What is left out first."""
    ages: bool = False

    def shown(self, detail: int) -> str:
        """2 with everything, 1 without what is left out first, 0 the name alone."""
        parts = [self.name, self.text if detail else "", self.more if detail > 1 else ""]
        return " ".join(part for part in parts if part)


def freshness(source: Source, now: float) -> str:
    """How old its facts are, in a word or two."""
    match source.state:
        case "starting":
            return "starting"
        case "off":
            return "off"
    age = age_s(source, now)
    if source.data_at is not None:
        return f"stale {ago(age)}"
    if source.state == "failed":
        return "no data yet"
    return "live" if not source.fresh_s else f"≤{ago(source.fresh_s)}"


def reason(source: Source) -> str:
    return _REASONS.get(source.error_kind, "failed") if source.error and source.state != "off" else source.error


def entries(sources: Iterable[Source], now: float, *, whole: bool = True) -> list[Entry]:
    """One entry for each source, those of a kind that are all well as one; worst first, then by name.

    `whole` False folds also those of a kind that are not well.
    """
    kinds: dict[str, list[Source]] = {}
    for source in sorted(sources, key=lambda s: s.id):
        kinds.setdefault(source.kind or source.id, []).append(source)
    found: list[Entry] = []
    for kind, group in kinds.items():
        ill = [s for s in group if s.state not in ("ok", "starting")]
        well = [s for s in group if s.state == "ok"]
        young = [s for s in group if s.state == "starting"]
        if ill and not whole and len(group) > 1:
            worst = min(ill, key=lambda s: SEVERITY[source_word(s)])
            found.append(_fold(kind, source_word(worst), worst, f"{len(ill)} of {len(group)}", now))
            continue
        found += [_one(s, s.id if len(group) > 1 else kind, now) for s in ill]
        for some, word in ((well, "ok"), (young, "queued")):
            if len(some) == 1:
                found.append(_one(some[0], some[0].id if ill or (well and young) else kind, now))
            elif some:
                oldest = max(some, key=lambda s: s.fresh_s)
                found.append(Entry(word, f"{kind} ×{len(some)}", freshness(oldest, now)))  # type: ignore[arg-type]  # noqa: RUF001  # literals; a times sign
    return sorted(found, key=lambda e: (SEVERITY[e.word], e.name))


def _one(source: Source, name: str, now: float) -> Entry:
    text = freshness(source, now)
    why = reason(source)
    if why:
        text, more = f"{text}: {why}", ""
    else:
        more = source.detail
    return Entry(source_word(source), name, text, more, ages=source.data_at is not None)


def _fold(kind: str, word: StateWord, source: Source, count: str, now: float) -> Entry:
    return Entry(word, kind, f"{count} {freshness(source, now)}", ages=source.data_at is not None)


def fitted(sources: Sequence[Source], now: float, width: int, gap: int = 3) -> tuple[list[tuple[StateWord, str]], int]:
    """The entries as (word, text) that fit into `width` cells with a sign and a blank each, and how many do not."""
    for whole in (True, False):
        found = entries(sources, now, whole=whole)
        # What is left out first: details, then how fresh the well ones are.
        for ill, well in ((2, 2), (1, 1), (1, 0)):
            shown = [(e.word, e.shown(well if e.word == "ok" else ill)) for e in found]
            if _width(shown, gap) <= width:
                return shown, 0
    left = 0
    while shown and _width(shown, gap) + (len(f"+{left}") + gap if left else 0) > width:
        shown.pop()
        left += 1
    return shown, left


def _width(shown: Sequence[tuple[StateWord, str]], gap: int) -> int:
    return sum(2 + len(text) for _, text in shown) + gap * max(0, len(shown) - 1)

"""From the command to the first readable text, against a Textual app with one widget; and what was imported until then."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Sequence

from tests.bench import bare as bare_app
from tests.bench.figure import Figure, Options, median
from tests.bench.place import Place

NAME = "first-paint"

ALLOWED = ("textual", "msgspec", "console")


def measure(options: Options) -> Iterator[Figure]:
    n = options.n(15, 3)
    with Place() as place:
        place.agent("tests.bench.rooms", "quiet")
        bare = (sys.executable, bare_app.__file__)
        screen: list[float] = []
        reference: list[float] = []
        paint(place)
        paint(place, bare)
        for _ in range(n):
            reference.append(paint(place, bare))
            screen.append(paint(place))
        facts = [first_facts(place) for _ in range(options.n(7, 2))]
        ratios = [a / b for a, b in zip(screen, reference, strict=True)]
        how = "interleaved pairs in a pty of 120x40, agent with 100 containers running; median of pairs"
        yield Figure(
            key="screen.first_paint.ratio",
            title="first paint of the screen / of a bare Textual app",
            measured=median(ratios), goal=1.5, n=n, how=how,
            facts={"screen_ms": median(screen) * 1e3, "bare_ms": median(reference) * 1e3, "worst_pair": max(ratios)},
        )  # fmt: skip
        yield Figure(
            key="screen.first_facts.ratio",
            title="first facts (100 containers counted) on the screen / bare paint",
            measured=median(facts) / median(reference), n=len(facts), how="the same clock, to the count of containers",
            facts={"facts_ms": median(facts) * 1e3},
        )  # fmt: skip
        before, bare_before = (modules(place, what) for what in ("screen", "bare"))
    foreign = sorted(foreigners(before, bare_before))
    yield Figure(
        key="screen.first_paint.modules", title="modules imported until the first paint", measured=len(before), n=1,
        how="sys.modules when the first readable text is written",
        facts={"bare": len(bare_before), "ours": sum(m.partition(".")[0] == "console" for m in before)},
    )  # fmt: skip
    yield Figure(
        key="screen.first_paint.foreign",
        title="of them neither Textual and its own, msgspec nor standard",
        measured=len(foreign), goal=0, n=1, how="packages; Textual's own dependencies are those that the bare app imports",
        facts={"packages": ", ".join(foreign)},
    )  # fmt: skip


def paint(place: Place, argv: Sequence[str] | None = None) -> float:
    """Seconds from the start of the process to its first readable text."""
    with place.screen(argv) if argv else place.screen() as terminal:
        terminal.wait(lambda painted: painted.begun)
        return terminal.painted_at - terminal.began


def first_facts(place: Place) -> float:
    began = time.time()
    with place.screen() as terminal:
        return terminal.wait(lambda painted: "3 hosts" in painted and " 100" in painted) - began


def modules(place: Place, what: str) -> list[str]:
    found = place.folder / f"{what}.json"
    with place.screen((sys.executable, "-m", "tests.bench.first_modules", what, str(found))) as terminal:
        terminal.wait(lambda painted: painted.begun and found.exists() and found.stat().st_size)
    names: list[str] = json.loads(found.read_text(encoding="utf-8"))
    return names


def foreigners(names: Sequence[str], bare: Sequence[str]) -> set[str]:
    """Top-level packages that are neither standard nor what Textual itself brings along."""
    standard = set(sys.stdlib_module_names) | {"__main__", "sitecustomize", "usercustomize", "tests"}
    textual = {name.partition(".")[0] for name in bare}
    found = {name.partition(".")[0] for name in names}
    return {name for name in found - standard - textual - set(ALLOWED) if not name.startswith(("_", "__editable__"))}

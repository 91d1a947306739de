"""python -m tests.bench [NAME ...] [--quick] [--soak SECONDS] [--json FILE]"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from console.errors import ConsoleError
from tests.bench import table
from tests.bench.figure import CannotMeasureError, Figure, Options
from tests.bench.machine import machine

MODULES = (
    "first_paint",
    "quiet_screen",
    "quiet_agent",
    "panels",
    "deaths",
    "memory",
    "soak",
    "github",
    "stream",
    "widgets",
)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Measure what Quarterdeck costs.")
    names = [name.replace("_", "-") for name in MODULES]
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"what to measure (default all): {', '.join(names)}")
    parser.add_argument("--quick", action="store_true", help="few samples: to see that it works, not what it costs")
    parser.add_argument(
        "--soak", type=float, metavar="SECONDS", help="how long the soak lasts (default 60; 600 for a figure)"
    )
    parser.add_argument("--json", type=Path, default=Path("bench.json"), metavar="FILE", help="default bench.json")
    options = parser.parse_args(argv)
    if unknown := sorted(set(options.names) - set(names)):
        parser.error(f"there is no {unknown[0]!r}; there are: {', '.join(names)}")
    for name in [n for n in os.environ if n.startswith(("QUARTERDECK_", "XDG_", "GH_", "GITHUB_", "DOCKER_"))]:
        del os.environ[name]
    facts = machine()
    print(f"{facts['processor']}, {facts['cores']} cores, Python {facts['python']}, load {facts['load_before']}\n")
    print(table.heading(), flush=True)
    given = Options(quick=options.quick, soak_s=options.soak or (10.0 if options.quick else 60.0))
    figures: list[Figure] = []
    began = time.monotonic()
    for name in options.names or names:
        for figure in measured(name, given):
            figures.append(figure)
            print(table.row(figure), flush=True)
    facts |= {
        "load_after": round(os.getloadavg()[0], 2),
        "took_s": round(time.monotonic() - began),
        "quick": given.quick,
    }
    table.write(options.json, figures, facts)
    print(f"\n{table.summary(figures)}; {facts['took_s']} s, load {facts['load_after']} now. All of it: {options.json}")
    return 0


def measured(name: str, options: Options) -> Iterator[Figure]:
    module = importlib.import_module(f"tests.bench.{name.replace('-', '_')}")
    try:
        yield from module.measure(options)
    except (CannotMeasureError, ConsoleError, OSError) as error:
        # One figure that cannot be had does not take the others along; it counts as a goal that is not met.
        yield Figure(key=name, title=name, goal=0, missing=str(error))


if __name__ == "__main__":
    sys.exit(main())

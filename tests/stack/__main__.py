"""python -m tests.stack up [NAMES] | down [NAMES] | status | install"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.stack import state
from tests.stack.part import find

ALONE = ("sudo",)
"""Programs that tests need beside the servers: sudo runs an agent's callers as other users."""


def main(argv: list[str]) -> int:
    verb, chosen = (argv[0] if argv else ""), (argv[1:] or state.names())
    if unknown := [name for name in chosen if name not in state.names()]:
        print(f"no such part: {', '.join(unknown)}; there are: {', '.join(state.names())}", file=sys.stderr)
        return 2
    match verb:
        case "up":
            return up(chosen)
        case "down":
            for name in chosen:
                print(f"{name}: {'ended' if state.stop(name) else 'did not run'}")
            return 0
        case "status":
            for name in chosen:
                facts = state.running().get(name)
                why = state.part(name).missing()
                print(f"{name}: {facts or why or 'does not run'}")
            return 0
        case "install":
            return install(chosen)
    print(__doc__, file=sys.stderr)
    return 2


def up(chosen: list[str]) -> int:
    failed = 0
    for name in chosen:
        try:
            print(f"{name}: {state.ensure(name, state.KEPT)}")
        except state.MissingError as error:
            print(f"{name}: {error}", file=sys.stderr)
            failed = 1
    return failed


def install(chosen: list[str]) -> int:
    """Install the packages of the parts that are missing, as root on Debian or Ubuntu; elsewhere say what is missing."""
    lacking = {p for name in chosen if state.part(name).missing() for p in state.part(name).packages}
    packages = sorted(lacking | {p for p in ALONE if find(p) is None})
    if not packages:
        print("everything is there")
        return 0
    if os.geteuid() != 0 or not Path("/usr/bin/apt-get").exists():
        print(f"Install these first: {' '.join(packages)}", file=sys.stderr)
        return 1
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    rule = Path("/usr/sbin/policy-rc.d")
    # invoke-rc.d asks this program before a package starts its service (policy-rc.d(8)); 101 forbids it.
    ours = not rule.exists()
    if ours:
        rule.write_text("#!/bin/sh\nexit 101\n", encoding="ascii")
        rule.chmod(0o755)
    try:
        subprocess.run(["apt-get", "-q", "update"], env=env, check=True)
        subprocess.run(["apt-get", "-qy", "install", "--no-install-recommends", *packages], env=env, check=True)
    except subprocess.CalledProcessError as error:
        print(f"apt-get failed ({error.returncode})", file=sys.stderr)
        return 1
    finally:
        if ours:
            rule.unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

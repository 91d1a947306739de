"""Real servers for the tests, from Debian's packages: one set for all workers and runs on this machine.

A test asks `have("docker")` and gets the facts of a running server; the first who asks starts it. Where it cannot be
had the test is skipped with the reason, or fails with STACK=required. To add a server, write a module here with a
`PART` (part.py says what that is); its name is the module's.

`python -m tests.stack up [NAMES]|down|status|install` does the same by hand; what `up` started stays until `down`.
"""

from __future__ import annotations

import os

import pytest

from tests.stack.part import Part
from tests.stack.state import MissingError, ensure

__all__ = ["Part", "have"]


def have(name: str) -> dict[str, str]:
    """The facts of the running part `name`, which is started where it does not run yet."""
    try:
        return ensure(name)
    except MissingError as error:
        reason = f"{name}: {error}"
    if os.environ.get("STACK") == "required":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)

"""The pytest side: workers share the controller's session, and the controller ends what only its session used."""

from __future__ import annotations

import contextlib
import os

from tests.stack import state


def pytest_configure(config):
    if not hasattr(config, "workerinput"):
        os.environ["STACK_SESSION"] = state.new_session()


def pytest_unconfigure(config):
    if hasattr(config, "workerinput"):
        return
    user = os.environ.pop("STACK_SESSION", "")
    if user:
        with contextlib.suppress(state.MissingError):
            for name in state.names():
                state.leave(name, user)

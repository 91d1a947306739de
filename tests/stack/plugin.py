"""The pytest side: workers share the controller's session, and the controller ends what only its session used."""

from __future__ import annotations

import contextlib
import os

import pytest

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


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """With STACK=required a skip is a failure, whoever skipped and why: CI has root, the packages and the demo."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("STACK") == "required":
        report.outcome = "failed"
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.longrepr = f"{item.nodeid} was skipped, and STACK=required: {reason}"
    return report

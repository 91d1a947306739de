"""Every test runs in a home of its own: no settings, token or agent of the developer's leaks in."""

from __future__ import annotations

import os

import pytest

pytest_plugins = ("tests.stack.plugin",)

_OURS = ("QUARTERDECK_", "XDG_", "GH_", "GITHUB_", "DOCKER_", "CREDENTIALS_DIRECTORY", "NO_COLOR")


@pytest.fixture(autouse=True)
def own_home(tmp_path, monkeypatch):
    for name in list(os.environ):
        if name.startswith(_OURS):
            monkeypatch.delenv(name)
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("QUARTERDECK_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("QUARTERDECK_SOCKET", str(tmp_path / "a.sock"))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    monkeypatch.setenv("TZ", "UTC")
    return home

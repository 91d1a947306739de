"""What is not imported, proven in processes of their own: a static graph cannot see when an import happens."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = (
    "textual",
    "rich",
    "httpx",
    "docker",
    "requests",
    "sqlalchemy",
    "alembic",
    "litestar",
    "uvicorn",
    "keyring",
    "yaml",
    "prometheus_client",
)


def loaded_by(code: str) -> set[str]:
    """The modules in memory after running `code` in a fresh interpreter."""
    script = f"{code}\nimport sys; print('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines())


def test_version_imports_nothing_but_itself():
    loaded = loaded_by("from console.__main__ import main; main(['--version'])")
    assert not loaded & {*HEAVY, "msgspec", "asyncio", "argparse"}


def test_the_verbs_start_without_textual_or_any_client_library():
    loaded = loaded_by(
        "import console.cli.main, console.cli.status, console.cli.records, console.cli.reach, console.client.stream"
    )
    assert not loaded & set(HEAVY)


def test_the_screen_is_imported_without_what_only_the_agent_needs():
    loaded = loaded_by("import console.ui.app, console.client.stream")
    assert "textual" in loaded
    assert not loaded & (set(HEAVY) - {"textual", "rich"})


def test_the_agent_never_imports_textual():
    """rich may be there: httpx takes it in for a command of its own where it finds it."""
    loaded = loaded_by("import console.agent.run as r; r.rooms(); import console.agent.api")
    assert "textual" not in loaded


@pytest.mark.parametrize("verb", ["--version", "--help"])
def test_the_command_answers(verb):
    done = subprocess.run([sys.executable, "-m", "console", verb], capture_output=True, text=True, check=True)
    assert "quarterdeck" in done.stdout

"""The wheel is what people get: it is built, installed and asked here."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    # Without isolation: the build back end is locked like everything else, and nothing is fetched.
    subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "wheel",
            "--quiet",
            "--no-deps",
            "--no-build-isolation",
            "--wheel-dir",
            folder,
            ROOT,
        ],
        check=True,
    )
    (built,) = folder.glob("*.whl")
    return built


def test_themes_settings_and_units_are_in_it(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    for inside in (
        "console/_data/config/quarterdeck.example.yaml",
        "console/_data/config/quarterdeck.schema.json",
        "console/_data/config/systemd/quarterdeck-agent.service",
        "console/_data/config/prometheus/quarterdeck.rules.yaml",
        "console/_data/themes/quarterdeck.yaml",
        "console/py.typed",
    ):
        assert inside in names
    assert not [n for n in names if n.startswith("tests/")]


def test_it_runs_installed_and_finds_its_themes(wheel, tmp_path):
    target = tmp_path / "site"
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", target, wheel], check=True
    )
    script = (
        f"import sys; sys.path.insert(0, {str(target)!r})\n"
        "import console, console.paths\n"
        f"assert console.__file__.startswith({str(target)!r}), console.__file__\n"
        "print(sorted(p.name for p in console.paths.data_dir('themes').iterdir()))\n"
        "from console.ui.themes import load; themes, failed = load(); assert themes and not failed\n"
        "from console.__main__ import main; main(['--version'])\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=tmp_path, check=True)
    assert "quarterdeck.yaml" in done.stdout

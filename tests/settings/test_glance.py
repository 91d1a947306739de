"""What the first picture reads of the settings: the same as a whole reading gives, and no YAML parser for it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from console.settings.glance import socket, ui
from console.settings.load import load
from console.settings.model import Ui
from console.settings.problems import SettingsError


@pytest.mark.parametrize(
    "text",
    [
        "",
        "organisation: acme\n",
        "ui:\n  theme: mono\n",
        "# all of it\nui: # ours\n\n  theme: colour-blind   # a reason\n  glyphs: ascii\n  mouse: false\norganisation: a\n",
        "docker:\n  - name: ui\nui:\n    mouse: true\n",
        "ui: {theme: mono}\n",
        'ui:\n  theme: "mono"\n',
        '"ui":\n  theme: mono\n',
        "{ui: {glyphs: ascii}}\n",
        "ui: &a\n  glyphs: ascii\n",
    ],
)
def test_it_is_what_a_whole_reading_gives(tmp_path, text):
    path = tmp_path / "quarterdeck.yaml"
    path.write_text(text)
    assert ui(path) == load(path).settings.ui


def test_without_a_file_the_defaults_hold():
    assert ui(None) == Ui()


@pytest.mark.parametrize("text", ["ui:\n  glyphs: emoji\n", "ui:\n  colour: red\n", "ui: 3\n", "ui:\n\ttheme: mono\n"])
def test_a_wrong_section_is_told_in_full(tmp_path, text):
    path = tmp_path / "quarterdeck.yaml"
    path.write_text(text)
    with pytest.raises(SettingsError, match=r"quarterdeck\.yaml"):
        ui(path)


def test_what_is_wrong_elsewhere_does_not_keep_the_screen_shut(tmp_path):
    path = tmp_path / "quarterdeck.yaml"
    path.write_text("ui:\n  theme: mono\ndocker: nonsense\n")
    assert ui(path).theme == "mono"


def test_no_yaml_parser_is_imported_for_the_first_picture(tmp_path):
    path = tmp_path / "quarterdeck.yaml"
    path.write_text("organisation: acme\nui:\n  theme: mono\n")
    program = (
        "import sys, pathlib; from console.settings.glance import ui; import console.cli.screen, console.cli.reach, "
        "console.cli.show, console.client.stream; ui(pathlib.Path(sys.argv[1])); "
        "print([m for m in ('yaml', 'h11', 'httpx', 'sqlalchemy', 'litestar') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("text", "own"),
    [
        ("agent:\n  socket: /tmp/own.sock\n", True),
        ("agent: {mode: personal, socket: /tmp/own.sock}\n", True),
        ('agent: {"socket": /tmp/own.sock}\n', True),
        ("agent:\n  # socket: /tmp/own.sock\n  mode: personal\n", False),
        ("organisation: websocket\n", False),
        ("", False),
    ],
)
def test_the_agents_socket_is_what_the_file_says_else_the_usual_place(text, own, tmp_path, monkeypatch):
    monkeypatch.setenv("QUARTERDECK_SOCKET", "/tmp/usual.sock")
    path = tmp_path / "quarterdeck.yaml"
    path.write_text(text)
    assert str(socket(path)) == ("/tmp/own.sock" if own else "/tmp/usual.sock")
    assert str(socket(None)) == "/tmp/usual.sock"

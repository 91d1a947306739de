"""What a screen or a verb needs of a settings file, read without a YAML parser: the first picture waits for it."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec

from console.paths import checked_socket, socket_path
from console.settings.load import load, load_text, read_text
from console.settings.model import Ui

_SECTION = re.compile(r"([a-z_]+):(.*)")
_ENTRY = re.compile(r"[ ]+([a-z_]+): +([A-Za-z][\w-]*) *(?:#.*)?")
_SOCKET = re.compile(r"(?m)^[^#\n]*\bsocket[\"']?\s*:")
_WORDS: dict[str, object] = {"true": True, "false": False}


def ui(path: Path | None) -> Ui:
    """The section `ui` of the file. Of the rest nothing is said: the agent reads it and tells what is wrong with it.

    Raises SettingsError where the file cannot be read, or where the section is written in more of YAML and is wrong.
    """
    if path is None:
        return Ui()
    plain = _plain(read_text(path))
    return load(path).settings.ui if plain is None else plain


def socket(path: Path | None) -> Path:
    """The agent's socket: what the file says, else the environment and the usual place. Raises ConsoleError."""
    # Nearly no file names one, and a file that may is worth its parser.
    text = "" if path is None else read_text(path)
    if path is not None and _SOCKET.search(text) and (given := load_text(text, path).settings.agent.socket):
        return checked_socket(Path(given))
    return socket_path()


def _plain(text: str) -> Ui | None:
    """The section where the file is a plain block of `key: word`, Ui() where it has none; None for any other YAML."""
    found: dict[str, object] = {}
    inside = seen = False
    for line in text.splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if not line[0].isspace():
            section = _SECTION.fullmatch(line)
            if section is None or (section[1] == "ui" and (seen or section[2].partition("#")[0].strip())):
                return None
            inside = section[1] == "ui"
            seen = seen or inside
        elif inside:
            entry = _ENTRY.fullmatch(line)
            if entry is None:
                return None
            found[entry[1]] = _WORDS.get(entry[2], entry[2])
    try:
        return msgspec.convert(found, Ui)
    except msgspec.ValidationError:
        return None

"""Finds the settings file, reads it, and says where each value came from."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path

import msgspec
from msgspec import Struct

from console import paths
from console.settings.model import Settings
from console.settings.problems import Problem, SettingsError

MAX_BYTES = 1_048_576
"""One MiB: 5,000 panels. Anything longer is another file given by mistake."""

FROM_ENVIRONMENT = {"agent.socket": "QUARTERDECK_SOCKET"}
"""Values that the environment gives where the file is silent."""


class Provenance(Struct, frozen=True):
    """Where each value came from."""

    origins: dict[str, str]
    """Leaf path → FILE:LINE or $VARIABLE."""

    def of(self, path: str) -> str:
        """FILE:LINE, $VARIABLE or `default`."""
        return self.origins.get(path, "default")


class Loaded(Struct, frozen=True):
    settings: Settings
    provenance: Provenance
    path: Path | None
    """The file, absolute; None where there is none and everything is a default."""


def find(given: str | None = None, env: Mapping[str, str] = os.environ) -> Path | None:
    """The settings file: `given`, $QUARTERDECK_CONFIG, then the first that exists. None where there is none.

    A file that is named but missing is an error when it is loaded.
    """
    if given:
        return Path(given).absolute()
    candidates = paths.settings_candidates(env)
    if env.get("QUARTERDECK_CONFIG"):
        return candidates[0].absolute()
    return next((path.absolute() for path in candidates if os.path.lexists(path)), None)


def load(path: Path | None, env: Mapping[str, str] = os.environ) -> Loaded:
    """The settings in `path`, or the defaults for None. Raises SettingsError with every problem of the file."""
    if path is None:
        return _overlaid(Settings(), {}, None, env)
    return load_text(read_text(path), path, env)


def load_text(text: str, path: Path, env: Mapping[str, str] = os.environ) -> Loaded:
    """The settings in a text that stands in `path`."""
    # Imported here: who only looks for the file, or has none, does not wait for a YAML parser.
    from console.settings import checks, convert, document

    file = display(path)
    tree, problems = document.parse(text, file)
    if tree is None and problems:
        raise _wrong(problems, path)
    converted = convert.convert(tree, file)
    problems += converted.problems
    reported = {problem.path for problem in problems}
    for flaw in checks.check(converted.settings):
        if not _follows(flaw.path, reported):
            line = _line(flaw.path, converted.lines)
            problems.append(Problem(file=file, line=line, path=flaw.path, what=flaw.what, allowed=flaw.allowed))
    if problems:
        raise _wrong(problems, path)
    origins = {leaf: f"{file}:{converted.lines[leaf]}" for leaf in converted.leaves}
    return _overlaid(converted.settings, origins, path.absolute(), env)


def load_partly(path: Path | None) -> Settings:
    """What can be understood of a file that may have problems: for `secret`, which must help to put them right.

    Raises SettingsError where nothing can be read, or where the section `secrets` itself is wrong.
    """
    if path is None:
        return Settings()
    from console.settings import convert, document

    file = display(path)
    tree, problems = document.parse(read_text(path), file)
    if tree is None and problems:
        raise _wrong(problems, path)
    converted = convert.convert(tree, file)
    if own := [problem for problem in converted.problems if problem.path.startswith("secrets")]:
        raise _wrong(own, path)
    return converted.settings


def read_text(path: Path) -> str:
    """The file's text. Raises SettingsError: missing, unreadable, no regular file, too long, not UTF-8."""
    file = display(path)
    try:
        # Without O_NONBLOCK a named pipe would be waited for.
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(handle, "rb") as opened:  # noqa: PTH123  # a descriptor, not a path
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise SettingsError([Problem(file=file, what="is not a regular file")])
            raw = opened.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise SettingsError(
            [Problem(file=file, what="there is no such file")],
            "quarterdeck init writes one; quarterdeck demo needs none.",
        ) from None
    except OSError as exc:
        raise SettingsError(
            [Problem(file=file, what=f"cannot be read ({exc.strerror})")], f"Look at: ls -l {path}"
        ) from None
    if len(raw) > MAX_BYTES:
        raise SettingsError([Problem(file=file, what=f"is longer than {MAX_BYTES // 1024} KiB")])
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        line = raw[: exc.start].count(b"\n") + 1
        raise SettingsError([Problem(file=file, line=line, what="is not UTF-8 text")]) from None
    if "\0" in text:
        raise SettingsError([Problem(file=file, line=text[: text.index("\0")].count("\n") + 1, what="is not a text")])
    return text


def display(path: Path) -> str:
    """The path as a message shows it: relative where it lies below the current folder."""
    try:
        return str(path.absolute().relative_to(Path.cwd()))
    except (ValueError, OSError):
        return str(path)


def _wrong(problems: list[Problem], path: Path) -> SettingsError:
    from console.settings import convert

    if len(problems) > convert.MOST_PROBLEMS + 1:
        rest = Problem(file=display(path), line=problems[convert.MOST_PROBLEMS].line, what="more problems follow")
        problems = [*problems[: convert.MOST_PROBLEMS], rest]
    return SettingsError(problems, f"Put this right, then run: quarterdeck config check {display(path)}")


def _follows(path: str, reported: set[str]) -> bool:
    """Whether a flaw at `path` only follows from something reported already: there, or in the section around it."""
    around = {path}
    while path:
        path = path[: max(path.rfind("."), path.rfind("["), 0)]
        around.add(path)
    # The root path stands for the file as a whole, whose form may be wrong in one place only.
    return bool((around - {""}) & reported)


def _line(path: str, lines: dict[str, int]) -> int:
    while path and path not in lines:
        path = path[: max(path.rfind("."), path.rfind("["), 0)]
    return lines.get(path, 1)


def _overlaid(settings: Settings, origins: dict[str, str], path: Path | None, env: Mapping[str, str]) -> Loaded:
    for leaf, variable in FROM_ENVIRONMENT.items():
        section, key = leaf.split(".")
        part = getattr(settings, section)
        if env.get(variable) and not getattr(part, key):
            part = msgspec.structs.replace(part, **{key: env[variable]})
            settings = msgspec.structs.replace(settings, **{section: part})
            origins = {**origins, leaf: f"${variable}"}
    return Loaded(settings, Provenance(origins), path)

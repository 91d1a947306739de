"""Themes: those in the package and those of the operator. A broken one is a notice, and the rest works.

A theme gives colours by meaning; here they become the variables that stylesheets name: `$state-failed`, `$muted`,
`$selection`, `$rule`, `$production` on `$production-ground`, `$match`, and `$emphasis-failed` (a text style).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec
from msgspec import Struct
from textual.color import Color, ColorParseError
from textual.theme import Theme

from console.errors import ConsoleError
from console.paths import data_dir
from console.words import GLYPHS

if TYPE_CHECKING:
    from textual.app import App

FALLBACK = "quarterdeck"
SIZE_LIMIT = 65_536
"""Bytes of a theme file that are read; the packaged ones have one thousand."""
_EMPHASES = frozenset({"none", "bold", "dim", "italic", "underline", "reverse", "strike"})


class Colours(Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """Each is any colour that Textual knows: "#12161c", "rgb(18,22,28)", "navy"."""

    background: str
    foreground: str
    surface: str
    panel: str
    muted: str
    """What is said in the background: headers, ages, hints."""
    rule: str
    """Thin lines."""
    primary: str
    accent: str
    """The one thing that needs you."""
    selection: str
    selection_blurred: str
    """The selection of a pane that has not the focus."""
    match: str
    """The ground of what a search found."""
    production: str
    production_ground: str


class Palette(Struct, frozen=True, forbid_unknown_fields=True):
    """A theme file."""

    name: str
    colours: Colours
    states: dict[str, str]
    """A colour for each of the nine states."""
    dark: bool = True
    emphasis: dict[str, str] = {}
    """Text styles by state: bold, reverse, underline, strike…"""
    variables: dict[str, str] = {}
    """Textual's own variables, for what is not named above."""


class Failed(NamedTuple):
    """A theme that cannot be used."""

    path: Path
    reason: str


class ThemeFileError(ConsoleError):
    """Why a theme file cannot be used."""


def user_dir(env: Mapping[str, str] = os.environ) -> Path:
    """Where the operator's own themes lie."""
    home = Path(env.get("HOME") or Path.home())
    return Path(env.get("XDG_CONFIG_HOME") or home / ".config") / "quarterdeck/themes"


def load(*folders: Path) -> tuple[list[Theme], list[Failed]]:
    """The themes of these folders (the package's, then the operator's own), and the files that cannot be used.

    A later theme replaces an earlier one of the same name.
    """
    loaded: dict[str, Theme] = {}
    failed: list[Failed] = []
    for folder in folders or (data_dir("themes"), user_dir()):
        try:
            paths = sorted(path for path in folder.iterdir() if path.suffix in (".yaml", ".yml"))
        except FileNotFoundError:
            continue
        except OSError as error:
            failed.append(Failed(folder, error.strerror or str(error)))
            continue
        for path in paths:
            try:
                theme = read(path)
            except ThemeFileError as error:
                failed.append(Failed(path, str(error)))
            else:
                loaded[theme.name] = theme
    return list(loaded.values()), failed


def read(path: Path) -> Theme:
    """The theme of a file. Raises ThemeFileError."""
    try:
        with path.open("rb") as file:
            raw = file.read(SIZE_LIMIT + 1)
        text = raw.decode()
    except OSError as error:
        raise ThemeFileError(error.strerror or str(error)) from error
    except UnicodeDecodeError as error:
        raise ThemeFileError("not UTF-8") from error
    if len(raw) > SIZE_LIMIT:
        raise ThemeFileError(f"larger than {SIZE_LIMIT} bytes")
    try:
        palette = msgspec.convert(_plain(text) or _yaml(text), Palette)
    except msgspec.ValidationError as error:
        raise ThemeFileError(str(error)) from error
    return theme_of(palette)


def theme_of(palette: Palette) -> Theme:
    """Textual's theme. Raises ThemeFileError, naming the colour that is none: Textual itself would end the screen."""
    missing = GLYPHS.keys() - palette.states.keys()
    extra = (palette.states.keys() | palette.emphasis.keys()) - GLYPHS.keys()
    if missing or extra:
        raise ThemeFileError(f"states: {', '.join(sorted(missing or extra))} {'missing' if missing else 'unknown'}")
    for word, emphasis in palette.emphasis.items():
        if unknown := set(emphasis.split()) - _EMPHASES:
            raise ThemeFileError(
                f"emphasis.{word}: {' '.join(sorted(unknown))} is not one of {', '.join(sorted(_EMPHASES))}"
            )
    colours = {
        name.replace("_", "-"): _colour(f"colours.{name}", value)
        for name, value in msgspec.structs.asdict(palette.colours).items()
    }
    states = {word: _colour(f"states.{word}", value) for word, value in palette.states.items()}
    for name, value in palette.variables.items():
        if not _variable(value):
            raise ThemeFileError(f"variables.{name}: {value!r} is not a colour or a text style")
    return Theme(
        name=palette.name,
        dark=palette.dark,
        background=colours["background"],
        foreground=colours["foreground"],
        surface=colours["surface"],
        panel=colours["panel"],
        primary=colours["primary"],
        secondary=colours["primary"],
        accent=colours["accent"],
        success=states["ok"],
        warning=states["warning"],
        error=states["failed"],
        variables={**_chrome(colours), **_variables(colours, states, palette.emphasis), **palette.variables},
    )


def register(app: App[object], name: str) -> list[Failed]:
    """Give the app all themes and set the one of this name; what failed is one notice, and returned."""
    loaded, failed = load()
    for theme in loaded:
        app.register_theme(theme)
    known = name in app.available_themes
    app.theme = name if known else FALLBACK
    reasons = [f"{one.path.name}: {one.reason}" for one in failed]
    if not known:
        reasons.append(
            f"There is no theme {name}; {FALLBACK} is shown. There are {', '.join(sorted(app.available_themes))}."
        )
    if reasons:
        app.notify("\n".join(reasons), title="Themes", severity="warning", markup=False)
    return failed


def _variables(colours: Mapping[str, str], states: Mapping[str, str], emphasis: Mapping[str, str]) -> dict[str, str]:
    """Our own variables."""
    ours = ("muted", "rule", "selection", "selection-blurred", "match", "production", "production-ground")
    return (
        {name: colours[name] for name in ours}
        | {f"state-{word}": colour for word, colour in states.items()}
        | {f"emphasis-{word}": emphasis.get(word, "none") for word in GLYPHS}
    )


def _chrome(colours: Mapping[str, str]) -> dict[str, str]:
    """Textual's variables for what surrounds a widget's content, kept as quiet as the rest."""
    return {
        "border": colours["rule"],
        "border-blurred": colours["rule"],
        "scrollbar": colours["rule"],
        "scrollbar-hover": colours["muted"],
        "scrollbar-active": colours["primary"],
        "scrollbar-background": colours["background"],
        "scrollbar-background-hover": colours["background"],
        "scrollbar-background-active": colours["background"],
        "scrollbar-corner-color": colours["background"],
        "footer-background": colours["background"],
        "footer-foreground": colours["muted"],
        "footer-key-foreground": colours["foreground"],
        "footer-description-foreground": colours["muted"],
        "block-cursor-background": colours["selection"],
        "block-cursor-foreground": colours["foreground"],
        "block-cursor-text-style": "bold",
        "block-cursor-blurred-background": colours["selection-blurred"],
        "block-cursor-blurred-foreground": colours["foreground"],
        "block-cursor-blurred-text-style": "none",
        "input-selection-background": colours["selection"],
    }


def _colour(where: str, value: str) -> str:
    """`value`, which is a colour that stands for itself: a stylesheet's sign or an alpha would change its meaning."""
    try:
        colour = Color.parse(value)
    except ColorParseError as error:
        raise ThemeFileError(f'{where}: {value!r} is not a colour; write it as "#12161c"') from error
    if colour.a != 1 or colour.auto or colour.ansi is not None:
        raise ThemeFileError(f'{where}: {value!r} is not a plain colour; write it as "#12161c"')
    return colour.hex


def _variable(value: str) -> bool:
    if value and not set(value.split()) - _EMPHASES:
        return True
    try:
        Color.parse(value)
    except ColorParseError:
        return False
    return True


def _plain(text: str) -> dict[str, object] | None:
    """`text` read as lines of `key: value` in sections one deep; None where it is any other YAML.

    The packaged themes are such, so that the first picture does not wait for a YAML parser.
    """
    found: dict[str, object] = {}
    section: dict[str, object] = found
    for line in text.splitlines():
        bare = line.strip()
        if not bare or bare.startswith("#"):
            continue
        key, colon, value = bare.partition(":")
        value = value.strip()
        if not colon or not key.replace("-", "").isalnum() or (line[0] == " " and not line.startswith("  ")):
            return None
        if line[0] != " ":
            section = found
        elif section is found or line[2] == " ":
            return None
        if not value and section is found:
            section = found[key] = {}
        elif len(value) > 2 and value[0] == value[-1] == '"' and '"' not in value[1:-1] and "\\" not in value:
            section[key] = value[1:-1]
        elif value in ("true", "false"):
            section[key] = value == "true"
        elif value.replace("-", "").replace(" ", "").isalpha() and value.lower() not in (
            "yes",
            "no",
            "on",
            "off",
            "null",
        ):
            section[key] = value
        else:
            return None
    return found


def _yaml(text: str) -> object:
    import yaml  # only for themes that are not written like ours

    try:
        return yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ThemeFileError(f"not YAML: {str(error).splitlines()[0]}") from error


@cache
def defaults(name: str = FALLBACK) -> dict[str, str]:
    """Our variables as the packaged theme `name` has them, for themes that know nothing of them (Textual's own)."""
    return dict(read(data_dir("themes") / f"{name}.yaml").variables)


DEFAULTS = defaults()
"""For `App.get_theme_variable_defaults`: without them a stylesheet that names `$state-ok` cannot be read."""

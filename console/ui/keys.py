"""The one table of keys: bindings, the line of keys, help, the command palette and docs/keys.md all come from it.

Lower-case keys only read. What changes something is a capital or stands in the action menu.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from textual.binding import Binding


@dataclass(frozen=True)
class Key:
    """One key, or a few that mean the same, in one scope."""

    id: str
    """The name a keymap uses; never changes."""
    key: str
    """Textual's names, parted by commas; the first is the one that is shown."""
    area: str
    verb: str
    """Together `Area: Verb`, the name in the command palette."""
    help: str
    where: str
    """The scope, one of SCOPES."""
    action: str
    show: str = ""
    """The word beside the key in the last line of the screen; empty keeps it to the help."""
    priority: bool = False
    palette: bool = True
    """Offered in the command palette; moving about is not."""
    own: bool = False
    """Bound by the widget itself, which needs no screen to move about."""
    over: bool = False
    """Stands in for the same key of a scope around it, and means the same of something nearer."""

    @property
    def name(self) -> str:
        return f"{self.area}: {self.verb}"

    @property
    def shown(self) -> str:
        """The first key as a person reads it."""
        return label(self.key.split(",")[0])

    @property
    def all_shown(self) -> str:
        return " ".join(label(key) for key in self.key.split(","))


@dataclass(frozen=True)
class Scope:
    title: str
    inside: tuple[str, ...] = ()
    """Scopes whose keys work at the same time, nearest first."""


SCOPES: dict[str, Scope] = {
    "everywhere": Scope("Everywhere"),
    "list": Scope("In a list", ("everywhere",)),
    "field": Scope("While typing a filter or a search", ("everywhere",)),
    "log": Scope("In a log", ("everywhere",)),
    "tabs": Scope("Where a screen has several lists or groups", ("list", "everywhere")),
    "metrics": Scope("Among panels", ("tabs", "everywhere")),
    "panel": Scope("A panel", ("everywhere",)),
}
"""Nothing in a scope may take a key of the scopes around it."""

KEYS: tuple[Key, ...] = (
    Key("mode.overview", "1", "Go", "Overview", "What needs you, what is under way", "everywhere", "app.mode('overview')"),
    Key("mode.pipelines", "2", "Go", "Pipelines", "Runs of all repositories", "everywhere", "app.mode('pipelines')"),
    Key("mode.fleet", "3", "Go", "Fleet", "Containers of all hosts", "everywhere", "app.mode('fleet')"),
    Key("mode.metrics", "4", "Go", "Metrics", "Panels from Prometheus", "everywhere", "app.mode('metrics')"),
    Key("mode.alerts", "5", "Go", "Alerts", "Alerts, silences, rules and targets", "everywhere", "app.mode('alerts')"),
    Key("back", "escape", "Go", "Back", "One step back; it never quits", "everywhere", "app.back", "back", palette=False),
    Key("pane.next", "tab", "Go", "Next pane", "To the next pane of the screen", "everywhere", "app.pane(1)", palette=False),
    Key("pane.previous", "shift+tab", "Go", "Previous pane", "To the pane before", "everywhere", "app.pane(-1)",
        palette=False),
    Key("sources", "i", "Go", "Sources and notices", "What each source says of itself", "everywhere", "app.sources"),
    Key("copy", "y", "Selection", "Copy its name", "Copy the selected thing's name to the terminal's clipboard (OSC 52)",
        "everywhere", "app.copy"),
    Key("link", "o", "Selection", "Show its link", "Show the web address of the selected thing, and copy it",
        "everywhere", "app.link"),
    Key("palette", "ctrl+p", "App", "Commands", "Find a command by its name", "everywhere", "app.command_palette",
        "commands", palette=False),
    Key("help", "question_mark", "App", "Help", "The keys that work here, and what the signs mean", "everywhere",
        "app.help", "help"),
    Key("quit", "ctrl+q", "App", "Quit", "Close this screen; the agent goes on", "everywhere", "app.quit", priority=True),
    Key("how_to_quit", "ctrl+c", "App", "How to quit", "Says how to quit, and ends nothing", "everywhere",
        "app.how_to_quit", palette=False),
    Key("table.down", "down,j", "List", "Down", "The next row", "list", "move(1)", palette=False, own=True),
    Key("table.up", "up,k", "List", "Up", "The row above", "list", "move(-1)", palette=False, own=True),
    Key("table.page-down", "pagedown", "List", "Page down", "A screenful down", "list", "page(1)", palette=False, own=True),
    Key("table.page-up", "pageup", "List", "Page up", "A screenful up", "list", "page(-1)", palette=False, own=True),
    Key("table.first", "home,g", "List", "First", "The first row", "list", "first", palette=False, own=True),
    Key("table.last", "end,G", "List", "Last", "The last row", "list", "last", palette=False, own=True),
    Key("table.open", "enter", "List", "Open", "Open the selected row", "list", "open", "open", palette=False, own=True),
    Key("list.filter", "slash", "List", "Filter", "Show only what matches: word, !word, field:value, field>2h, re:REGEX", "list",
        "filter", "filter"),
    Key("list.sort", "s", "List", "Sort by the next column", "Sort by the next column", "list", "sort_next", "sort"),
    Key("list.reverse", "v", "List", "Turn the order round", "Turn the order of the rows round", "list", "sort_reverse"),
    Key("field.keep", "enter,tab", "Filter", "Keep", "Keep what was typed and go back to the list or log", "field",
        "keep", "keep", palette=False),
    Key("log.search", "slash", "Log", "Search", "Search in the whole log", "log", "search", "search"),
    Key("log.down", "down,j", "Log", "Down", "A line down", "log", "move(1)", palette=False, own=True),
    Key("log.up", "up,k", "Log", "Up", "A line up", "log", "move(-1)", palette=False, own=True),
    Key("log.page-down", "pagedown", "Log", "Page down", "A screenful down", "log", "page(1)", palette=False, own=True),
    Key("log.page-up", "pageup", "Log", "Page up", "A screenful up", "log", "page(-1)", palette=False, own=True),
    Key("log.first", "home,g", "Log", "Top", "The oldest line kept", "log", "first", palette=False, own=True),
    Key("log.last", "end,G", "Log", "End", "The newest line, and follow", "log", "follow", palette=False, own=True),
    Key("log.follow", "f", "Log", "Follow", "Stay at the newest line", "log", "follow", "follow", own=True),
    Key("log.next", "n", "Log", "Next match", "The next match below", "log", "match(1)", palette=False, own=True),
    Key("log.previous", "N", "Log", "Previous match", "The match above", "log", "match(-1)", palette=False, own=True),
    Key("log.wrap", "w", "Log", "Wrap", "Wrap long lines, or cut them", "log", "wrap", "wrap", own=True),
    Key("log.times", "t", "Log", "Times", "Show the time of each line, or hide it", "log", "times", "times", own=True),
    Key("log.fold", "z", "Log", "Fold groups", "Fold the groups without an error to one line, or open all", "log", "fold",
        "fold", own=True),
    Key("log.copy", "y", "Log", "Copy", "Copy what is selected in the log, or all of it", "log", "copy", own=True, over=True),
    Key("tabs.previous", "left_square_bracket", "List", "Previous list", "To the list before", "tabs", "tab(-1)"),
    Key("tabs.next", "right_square_bracket", "List", "Next list", "To the next list of this screen", "tabs", "tab(1)",
        "next list"),
    Key("metrics.left", "left,h", "Metrics", "Left", "The panel at the left", "metrics", "move(-1)", palette=False),
    Key("metrics.right", "right,l", "Metrics", "Right", "The panel at the right", "metrics", "move(1)", palette=False),
    Key("metrics.up", "up,k", "Metrics", "Up", "The panel above", "metrics", "row(-1)", palette=False),
    Key("metrics.down", "down,j", "Metrics", "Down", "The panel below", "metrics", "row(1)", palette=False),
    Key("metrics.page-up", "pageup", "Metrics", "Page up", "A screenful up", "metrics", "page(-1)", palette=False),
    Key("metrics.page-down", "pagedown", "Metrics", "Page down", "A screenful down", "metrics", "page(1)", palette=False),
    Key("metrics.open", "enter", "Metrics", "Zoom", "Open the selected panel", "metrics", "open", "zoom", palette=False),
    Key("panel.closer", "plus,equals_sign,left_square_bracket", "Panel", "Zoom in", "A shorter range: 7d 24h 6h 1h 15m",
        "panel", "zoom(-1)", "shorter"),
    Key("panel.wider", "minus,right_square_bracket", "Panel", "Zoom out", "A longer range: 15m 1h 6h 24h 7d", "panel",
        "zoom(1)", "longer"),
)  # fmt: skip

_BY_ID = {key.id: key for key in KEYS}
_LABELS = {
    "escape": "esc",
    "question_mark": "?",
    "slash": "/",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "plus": "+",
    "equals_sign": "=",
    "minus": "-",
    "pageup": "pgup",
    "pagedown": "pgdn",
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
    "upper_g": "G",
}


def label(key: str) -> str:
    """A key as it stands on a keyboard."""
    return _LABELS.get(key, key)


def by_id(key_id: str) -> Key | None:
    return _BY_ID.get(key_id)


def scope(where: str) -> tuple[Key, ...]:
    return tuple(key for key in KEYS if key.where == where)


def bindings(*scopes: str) -> list[Binding]:
    """The bindings of some scopes, for a class's BINDINGS."""
    return [
        Binding(
            key.key,
            key.action,
            key.show or key.verb,
            show=bool(key.show),
            key_display=key.shown,
            tooltip=key.help,
            id=key.id,
            priority=key.priority,
        )
        for where in scopes
        for key in scope(where)
        if not key.own
    ]


def clashes(keys: Iterable[Key] = KEYS) -> list[str]:
    """Each key that means two things at the same time, as a sentence."""
    taken: dict[tuple[str, str], Key] = {}
    found = []
    for key in keys:
        for one in key.key.split(","):
            if other := taken.get((key.where, one)):
                found.append(f"{label(one)} is {other.id} and {key.id} in {key.where!r}")
            taken[key.where, one] = key
    for (where, one), key in taken.items():
        # A field takes every printable key for itself; that is what typing is.
        if where == "field":
            continue
        found += [
            f"{label(one)} is {key.id} in {where!r} and {other.id} in {outer!r}"
            for outer in SCOPES[where].inside
            if (other := taken.get((outer, one))) and not key.over
        ]
    return found


def document() -> str:
    """docs/keys.md."""
    lines = [
        "# Keys",
        "",
        "Lower-case keys only read. What changes something is a capital or stands in the action menu.",
        "This page is written from `console/ui/keys.py` by `python -m console.ui.keys > docs/keys.md`.",
    ]
    for where, about in SCOPES.items():
        rows = scope(where)
        if not rows:
            continue
        lines += ["", f"## {about.title}", "", "| key | what it does | command | id |", "|---|---|---|---|"]
        lines += [
            f"| {' '.join(f'`{label(one)}`' for one in key.key.split(','))} | {key.help.replace('|', chr(92) + '|')} "
            f"| {key.name if key.palette else ''} | `{key.id}` |"
            for key in rows
        ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(document(), end="")

"""An app with nothing but the widget under test, in our themes; and rows to fill a table with."""

from __future__ import annotations

from typing import ClassVar

from textual.app import App, ComposeResult
from textual.widget import Widget

from console.ui import themes
from console.ui.shown import ago, number, state_text
from console.ui.widgets.table import Cell, Column, VirtualTable
from console.words import GLYPHS, StateWord
from console.world.model import Record

NOW = 1_790_000_000.0
WORDS: tuple[StateWord, ...] = tuple(GLYPHS)
NAMES = ("checkout", "search", "web", "billing", "cart", "ledger", "mailer", "images")


class Bare(App[None]):
    CSS_PATH: ClassVar = ["../../../console/ui/styles/widgets.tcss"]

    def __init__(self, *widgets: Widget, theme: str = "quarterdeck") -> None:
        super().__init__()
        self.widgets = widgets
        self.first_theme = theme
        self.animation_level = "none"

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return themes.DEFAULTS

    def on_mount(self) -> None:
        themes.register(self, self.first_theme)

    def compose(self) -> ComposeResult:
        yield from self.widgets


class Thing(Record, frozen=True, kw_only=True):
    topic: ClassVar[str] = "things"

    name: str
    word: StateWord = "ok"
    cpu: float = 0.0
    memory: int = 0
    since: float = NOW
    image: str = ""


def thing(n: int, **given) -> Thing:
    values = {
        "id": f"t{n:06}",
        "name": f"{NAMES[n % 8]}-{n}",
        "word": "ok" if n % 7 else WORDS[n // 7 % 9],
        "cpu": (n * 37 % 1000) / 7,
        "memory": n * 7_919_113 % 8_000_000_000,
        "since": NOW - n * 61 % 400_000,
        "image": f"acme/{NAMES[n % 8]}:1.{n % 10}.{n % 3}",
    }
    return Thing(**(values | given))


def things(count: int) -> list[Thing]:
    return [thing(n) for n in range(count)]


class Time:
    def __init__(self) -> None:
        self.at = NOW

    def __call__(self) -> float:
        return self.at


COLUMNS: tuple[Column[Thing], ...] = (
    Column("state", "State", lambda r, _: Cell(state_text(r.word), r.word), 11, sort=lambda r: WORDS.index(r.word)),
    Column("name", "Container", lambda r, _: Cell(r.name, "bold"), 14, grow=2, sort=lambda r: r.name),
    Column("image", "Image", lambda r, _: r.image, 20, grow=1, priority=2),
    Column("cpu", "CPU", lambda r, _: number(r.cpu, "percent"), 7, align="right", sort=lambda r: r.cpu),
    Column(
        "memory",
        "Memory",
        lambda r, _: number(r.memory, "bytes"),
        9,
        align="right",
        priority=3,
        sort=lambda r: r.memory,
    ),
    Column(
        "age",
        "Age",
        lambda r, now: Cell(ago(now - r.since), "dim"),
        4,
        align="right",
        sort=lambda r: -r.since,
        ages=True,
    ),
)


def fields(row: Thing) -> dict[str, object]:
    return {"name": row.name, "state": row.word, "cpu": row.cpu, "memory": row.memory, "image": row.image}


def table(time: Time | None = None, **given) -> VirtualTable[Thing]:
    return VirtualTable(COLUMNS, fields=fields, now=time or Time(), empty="no containers", **given)

"""What a first paint is measured against: a Textual app with one widget. It imports nothing else."""

from __future__ import annotations

from textual.app import App, ComposeResult
from textual.widgets import Static


class Bare(App[None]):
    def compose(self) -> ComposeResult:
        yield Static("one widget")


if __name__ == "__main__":
    Bare().run()

"""docs/verbs.md, written from the verbs' own parsers: `python -m tests.reference`."""

from __future__ import annotations

import argparse
import importlib
from pathlib import Path

from console.cli.main import VERBS, _module

PAGE = Path(__file__).parents[1] / "docs/verbs.md"
HEAD = """# Verbs

Written from the verbs themselves (`python -m tests.reference`); `quarterdeck VERB --help` says the same.

Every verb takes `--config FILE` (a settings file) and `--agent URL` (`ssh://USER@HOST`, or `unix:///path/agent.sock`).
Without a verb the screen opens; without a terminal it prints what `status` prints.

| exit code | it means |
|---|---|
| 0 | fine |
| 1 | something is wrong out there |
| 2 | usage or settings |
| 3 | no agent, and none could be started |
"""


def page() -> str:
    parts = [HEAD]
    for verb in VERBS:
        module = importlib.import_module(f"console.cli.{_module(verb)}")
        parser = argparse.ArgumentParser(prog=f"quarterdeck {verb}", add_help=False)
        module.add(parser)
        parts.append(f"## {verb}\n\n{module.HELP}\n{_table(parser)}")
    return "\n".join(parts)


def _table(parser: argparse.ArgumentParser, before: str = "") -> str:
    rows, subs = [], []
    for action in parser._actions:
        if action.help == argparse.SUPPRESS:
            continue
        if isinstance(action, argparse._SubParsersAction):
            texts = {c.dest: c.help or "" for c in action._choices_actions}
            subs += [(name, sub, texts.get(name, "")) for name, sub in action.choices.items()]
            continue
        if isinstance(action, argparse._HelpAction):
            continue
        value = action.metavar or (action.dest.upper() if action.nargs != 0 else "")
        if action.choices and not action.metavar:
            value = "|".join(map(str, action.choices))
        name = (
            f"`{', '.join(action.option_strings)}{' ' + str(value) if value else ''}`"
            if action.option_strings
            else f"`{value}`"
        )
        rows.append(f"| {name.replace('|', chr(92) + '|')} | {(action.help or '').replace('|', chr(92) + '|')} |")
    text = "\n| | |\n|---|---|\n" + "\n".join(rows) + "\n" if rows else ""
    for name, sub, about in subs:
        text += f"\n**{before}{name}**: {about or sub.description or ''}\n{_table(sub, before + name + ' ')}"
    return text


if __name__ == "__main__":
    PAGE.write_text(page())

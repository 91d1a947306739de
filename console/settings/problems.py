"""What is wrong with a settings file, said so that it can be put right at once."""

from __future__ import annotations

import re
from collections.abc import Iterable

from msgspec import Struct

from console.errors import ConsoleError
from console.text import clean

SHOWN_LIMIT = 40
"""Characters of a wrong value that a message repeats: enough to recognise a slip, too few for a screen of noise."""

_TOKEN_LIKE = re.compile(
    r"^(gh[a-z]_|github_pat_|gl[a-z]+-|xox[a-z]-|sk-|AKIA|eyJ|-----BEGIN|glsa_|hvs\.|AGE-SECRET)"
    r"|^(?=[^\s]*\d)(?=[^\s]*[A-Za-z])[A-Za-z0-9+=_-]{20,}$"
)
"""Well-known token beginnings, or one long word of letters and digits: may have been pasted into the wrong place."""


class Problem(Struct, frozen=True, kw_only=True):
    """One thing wrong with a settings file."""

    file: str
    line: int = 0
    """Counted from 1; 0 where it concerns the file as a whole."""
    path: str = ""
    """docker[0].url; empty where it concerns the file as a whole."""
    what: str
    allowed: str = ""
    """What would be right: the allowed values, or the closest match."""

    def __str__(self) -> str:
        at = f"{self.file}:{self.line}" if self.line else self.file
        where = f"{at}: {self.path}" if self.path else at
        return f"{where}: {self.what}" + (f"; {self.allowed}" if self.allowed else "")


class SettingsError(ConsoleError):
    """A settings file is wrong. `problems` are all of them, in the order of the file."""

    exit_code = 2

    def __init__(self, problems: Iterable[Problem], hint: str = "") -> None:
        self.problems = tuple(sorted(problems, key=lambda problem: (problem.line, problem.path or "~")))
        if len(self.problems) == 1:
            message = str(self.problems[0])
        else:
            count = len(self.problems)
            message = "\n".join([f"The settings have {count} problems:", *(f"  {one}" for one in self.problems)])
        super().__init__(message, hint)


def shown(value: object) -> str:
    """A wrong value as a message may repeat it: one short clean line, never what may be a secret."""
    text = clean(str(value), SHOWN_LIMIT * 4)
    if _TOKEN_LIKE.search(text):
        return "(a value not shown here: it may be a secret)"
    return repr(text if len(text) <= SHOWN_LIMIT else text[: SHOWN_LIMIT - 1] + "…")

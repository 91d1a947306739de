"""Run the screen, or the bare app, and write down what is imported when the first readable text goes to the terminal.

`python -m tests.bench.first_modules screen|bare FILE`. The product has no hook for this: Textual's writer is watched.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.util
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

WRITER = "textual.drivers._writer_thread"
_ESCAPES = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b[\]P].*?(?:\x1b\\|\x07)|\x1b.|[\x00-\x1f]", re.DOTALL)


class Finder(importlib.abc.MetaPathFinder):
    """Watches the writer from the moment it is imported."""

    def __init__(self, path: str) -> None:
        self._path = path

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name != WRITER:
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        if spec is None or spec.loader is None:
            return spec
        execute = spec.loader.exec_module

        def watched(module: ModuleType) -> None:
            execute(module)
            watch(module.WriterThread, self._path)

        spec.loader.exec_module = watched  # type: ignore[method-assign]
        return spec


def watch(writer: type, path: str) -> None:
    write = writer.write
    seen: list[str] = []

    def first(self: object, text: str) -> None:
        if not seen and _ESCAPES.sub("", text).strip():
            seen.extend(sorted(sys.modules))
            names = "[" + ",".join(f'"{name}"' for name in seen) + "]"
            Path(path).write_text(names, encoding="utf-8")
        write(self, text)

    writer.write = first


if __name__ == "__main__":
    what, path = sys.argv[1:]
    # What only this watcher needs is not counted against the program; all of it is of the standard library.
    sys.meta_path.insert(0, Finder(path))
    if what == "screen":
        from console.__main__ import main

        sys.exit(main([]))
    from tests.bench.bare import Bare

    Bare().run()

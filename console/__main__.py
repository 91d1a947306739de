"""The command `quarterdeck`. It answers --version before anything is imported."""

from __future__ import annotations

import sys


def main(argv: list[str] | None = None) -> int:
    """Run the command line; the exit code is 0 fine, 1 something is wrong out there, 2 usage or settings, 3 no agent."""
    arguments = sys.argv[1:] if argv is None else argv
    if arguments in (["--version"], ["-V"]):
        from console import __version__

        print(f"quarterdeck {__version__}")
        return 0
    from console.cli.main import run

    return run(arguments)


if __name__ == "__main__":
    sys.exit(main())

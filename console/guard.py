"""A process that ends with the one that started it, even where that is killed. Pure."""

from __future__ import annotations

from collections.abc import Sequence

_GUARD = """
exec 3<&0
"$@" </dev/null 3<&- & it=$!
{ read -r _; kill $it; } <&3 >/dev/null 2>&1 & watch=$!
exec 3<&-
wait $it; code=$?
kill $watch 2>/dev/null
exit $code
"""


def guarded(command: Sequence[str]) -> list[str]:
    """`command` under a guard that ends it when the guard's standard input ends, and that exits as it does.

    Start it with a pipe as standard input and hold our end; closing it is how to end the command. The kernel closes it
    where we cannot: `ssh -N` reads nothing, would notice nothing, and would stay logged in as us for ever.
    """
    return ["/bin/sh", "-c", _GUARD, "sh", *command]

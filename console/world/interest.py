"""Who looks at what. Sources fetch what costs something only while somebody looks at it (R45)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from weakref import WeakMethod

Look = tuple[str, str]
"""(topic, id) of a record that somebody looks at, in the world's own words: ("series", "cpu@3600")."""


class Interest:
    def __init__(self) -> None:
        self._looks: dict[str, frozenset[Look]] = {}
        self._listeners: list[WeakMethod[Callable[[], None]]] = []

    def look(self, client: str, looks: Iterable[Look]) -> None:
        """`client` looks at exactly these from now on. A client that is gone looks at nothing: give an empty list."""
        wanted = frozenset(looks)
        if self._looks.get(client, frozenset()) == wanted:
            return
        if wanted:
            self._looks[client] = wanted
        else:
            self._looks.pop(client, None)
        self._listeners = [kept for kept in self._listeners if kept() is not None]
        for listener in self._listeners:
            if (call := listener()) is not None:
                call()

    def wanted(self, topic: str) -> frozenset[str]:
        """The ids of `topic` that somebody looks at now."""
        return frozenset(i for looks in self._looks.values() for t, i in looks if t == topic)

    def listen(self, listener: Callable[[], None]) -> None:
        """Call the bound method `listener` whenever somebody looks at something else, for as long as its owner lives.

        Weakly, since feeds come and go with the settings.
        """
        self._listeners.append(WeakMethod(listener))

"""What follows from the containers of a host: how many run, and how many use which image and volume. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TypeVar

import msgspec

from console.fleet.model import Container, Image, Volume

R = TypeVar("R", Image, Volume)


def of(containers: Iterable[Container]) -> Counter[str]:
    """By the id of an image's or a volume's record, how many containers use it."""
    found: Counter[str] = Counter()
    for container in containers:
        found[f"{container.host}/{container.image_id}"] += 1
        found.update({f"{container.host}/{m.source}" for m in container.mounts if m.kind == "volume"})
    return found


def counted(records: Iterable[R], used: Counter[str]) -> Iterator[R]:
    """The records with their counts as they are now; the same objects where these are so."""
    for record in records:
        number = used[record.id]
        yield record if record.containers == number else msgspec.structs.replace(record, containers=number)

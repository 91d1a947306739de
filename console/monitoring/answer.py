"""Answers to queries made into lines. Pure, but read in a worker thread: 50 lines of 240 points take 5 ms."""

from __future__ import annotations

import math

import msgspec
from msgspec import Struct

from console.errors import SourceError
from console.monitoring import wire
from console.monitoring.model import fill
from console.text import clean

LINES = 50
"""Lines of a panel that are kept: nobody tells more apart, and each is some 5 KB in the world."""
LABELS = 32
"""Labels of a line that are kept."""
LABEL_LIMIT = 200
"""Characters of a label."""
NOTES = 8


class Sampled(Struct, frozen=True):
    labels: dict[str, str]
    points: tuple[float | None, ...]


class Answer(Struct, frozen=True):
    """What a query gave. `points` of each line run from `start` in steps of `step_s`; an instant has one."""

    start: float
    step_s: float
    lines: tuple[Sampled, ...]
    dropped: int = 0
    warnings: tuple[str, ...] = ()


def range_answer(envelope: wire.Envelope, start: float, end: float, step_s: float, most: int) -> Answer:
    """Raises SourceError (protocol) where it is no matrix."""
    data = wire.decode(envelope.data, wire.QueryData, "The answer")
    if data.result_type != "matrix":
        raise _unexpected(data.result_type)
    found = _lines(data.result)
    lines = tuple(Sampled(labels(line.metric), fill(line.values, start, end, step_s)) for line in found[:most])
    native = sum(1 for line in found if not line.values and bytes(line.histograms))
    return Answer(start, step_s, lines, len(found) - len(lines), _notes(envelope, native))


def instant_answer(envelope: wire.Envelope, at: float, most: int) -> Answer:
    """Raises SourceError (protocol) where it is neither vector nor scalar."""
    data = wire.decode(envelope.data, wire.QueryData, "The answer")
    if data.result_type == "scalar":
        text = wire.decode(envelope.data, wire.ScalarData, "The answer").result[1]
        return Answer(at, 0.0, (Sampled({}, (_finite(number(text)),)),), 0, _notes(envelope, 0))
    if data.result_type != "vector":
        raise _unexpected(data.result_type)
    found = wire.decode(data.result, list[wire.VectorLine], "The answer")
    lines = tuple(
        Sampled(labels(line.metric), (None if line.value is None else _finite(number(line.value[1])),))
        for line in found[:most]
    )
    native = sum(1 for line in found if line.value is None and bytes(line.histogram))
    return Answer(at, 0.0, lines, len(found) - len(lines), _notes(envelope, native))


def labels(remote: dict[str, str] | None, limit: int = LABEL_LIMIT) -> dict[str, str]:
    """Labels made safe and bounded."""
    few = list((remote or {}).items())[:LABELS]
    return {clean(name, LABEL_LIMIT): clean(value, limit) for name, value in few}


def number(text: str) -> float:
    """A sample's value. Raises SourceError (protocol) for what is none."""
    try:
        return float(text)
    except ValueError as error:
        raise SourceError(f"A sample is no number: {clean(text, 40)!r}", kind="protocol") from error


def _lines(result: msgspec.Raw) -> list[wire.MatrixLine]:
    try:
        return msgspec.json.decode(result, type=list[wire.MatrixLine], strict=False)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        # An infinity, or what is wrong with it: read slowly, and said.
        found = wire.decode(result, list[wire.TextLine], "The answer")
    return [wire.MatrixLine(x.metric, [(at, number(text)) for at, text in x.values], x.histograms) for x in found]


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _notes(envelope: wire.Envelope, native: int) -> tuple[str, ...]:
    notes = [clean(text, 300) for text in [*(envelope.warnings or []), *(envelope.infos or [])][:NOTES]]
    if native:
        notes.append(f"{native} native histograms are not drawn: ask for histogram_quantile(…) of them.")
    return tuple(notes)


def _unexpected(kind: str) -> SourceError:
    if kind in ("string", "matrix", "vector", "scalar"):
        return SourceError(
            f"The query gives a {kind}, which a panel cannot draw.", "Mend the query in the settings.", kind="failed"
        )
    return SourceError(f"The answer is of an unknown kind: {clean(kind, 40)!r}", kind="protocol")

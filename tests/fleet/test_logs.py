from __future__ import annotations

import asyncio
import re
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.errors import SourceError
from console.fleet import logs
from console.fleet.logs import Batches, Lines
from console.text import clean_log
from console.world.model import LogLine
from tests.clock import FakeClock

SGR = re.compile(r"\x1b\[[0-9;:]*m")
PIECES = st.lists(
    st.text()
    | st.sampled_from(
        ["\x1b[31m", "\x1b[0m", "\x1b]0;title\x07", "\x1b[2J", "\x9b2J", "\x1bP", "\x1b", "[", "31m", "\r", "\u202e"]
    )
)


@given(PIECES.map("".join), st.integers(1, 50))
def test_a_log_line_keeps_colours_and_no_other_control_code(text, limit):
    found = clean_log(text, limit)
    bare = SGR.sub("", found)
    assert len(bare) <= limit
    assert not re.search("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]", bare)


def test_what_a_log_line_keeps():
    assert clean_log("\x1b[1;31mred\x1b[0m\tx") == "\x1b[1;31mred\x1b[0m    x"
    assert clean_log("hidden\rshown") == "hidden shown"
    assert clean_log("\x1b[31m" + "x" * 20, 10) == "\x1b[31m" + "x" * 9 + "…"


def frame(stream: int, text: bytes) -> bytes:
    return struct.pack(">BxxxL", stream, len(text)) + text


@given(
    st.lists(st.tuples(st.sampled_from([1, 2]), st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"])))),
    st.integers(1, 40),
)
def test_frames_cut_anywhere_make_the_same_lines(said, cut):
    raw = b"".join(frame(stream, f"{text}\n".encode()) for stream, text in said)
    lines = Lines(tty=False)
    found = [line for i in range(0, len(raw), cut) for line in lines.feed(raw[i : i + cut])]
    assert [(line.stream, line.text) for line in found] == [
        ("stdout" if stream == 1 else "stderr", clean_log(text)) for stream, text in said
    ]
    assert not list(lines.end())


def test_time_stamps_streams_and_a_last_line_without_end():
    lines = Lines(tty=False)
    found = [*lines.feed(frame(2, b"2026-11-20T10:00:00.123456789Z \x1b[31mno\x1b[0m\x07\r\n") + frame(1, b"rest"))]
    assert found == [LogLine(1795168800.123456, "stderr", "\x1b[31mno\x1b[0m")]
    assert list(lines.end()) == [LogLine(None, "stdout", "rest")]


def test_a_terminal_has_no_frames():
    found = list(Lines(tty=True).feed(b"2026-11-20T10:00:00Z a b\r\n2026-11-20T10:00:01Z \r\n"))
    assert [line.text for line in found] == ["a b", ""]


def test_what_is_no_frame_is_an_error():
    with pytest.raises(SourceError, match="format"):
        list(Lines(tty=False).feed(b"<html><body>hello"))


def test_a_line_without_an_end_stays_bounded():
    lines = Lines(tty=True)
    found = [line for _ in range(40) for line in lines.feed(b"x" * 10_000)]
    assert len(found) == 400_000 // logs.LINE_LIMIT
    assert max(map(len, lines._rest.values())) <= logs.LINE_LIMIT


async def test_live_lines_that_nobody_reads_are_dropped_and_counted():
    clock = FakeClock()
    batches = Batches(clock, follow=True)
    for number in range(logs.BUFFER_LINES + 7):
        await batches.add(LogLine(clock.now() + number, "stdout", str(number)))
    batches.end()
    found = [line for batch in [b async for b in batches] for line in batch]
    assert found[0].stream == "note"
    assert found[0].text.startswith("7 lines dropped")
    assert (found[1].text, len(found)) == ("7", logs.BUFFER_LINES + 1)


async def test_lines_of_the_past_wait_for_their_reader():
    clock = FakeClock()
    batches = Batches(clock, follow=True)

    async def write():
        for number in range(2 * logs.BUFFER_LINES):
            await batches.add(LogLine(clock.now() - 1000, "stdout", str(number)))
        batches.end()

    writer = asyncio.create_task(write())
    found = []

    async def read():
        async for batch in batches:
            assert len(batch) <= logs.BUFFER_LINES
            found.extend(batch)

    reader = asyncio.create_task(read())
    while not reader.done():
        await clock.advance(logs.BATCH_S)
    await writer
    await reader
    assert [line.text for line in found] == [str(n) for n in range(2 * logs.BUFFER_LINES)]


async def test_no_more_than_four_batches_a_second():
    clock = FakeClock()
    batches = Batches(clock, follow=True)
    times = []

    async def read():
        times.extend([clock.monotonic() async for _ in batches])

    reader = asyncio.create_task(read())
    for _ in range(100):
        await batches.add(LogLine(clock.now(), "stdout", "x"))
        await clock.advance(0.01)
    batches.end()
    await clock.advance(1)
    await reader
    assert 4 <= len(times) <= 6

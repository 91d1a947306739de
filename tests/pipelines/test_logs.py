"""Logs of jobs: finished ones whole, running ones as steps, and hostile ones."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.errors import SourceError
from console.pipelines import logs
from console.pipelines.logs import LINE_LIMIT, Lines, line_of
from tests.pipelines.github import STORAGE

LOG = b"""\xef\xbb\xbf2026-09-21T14:00:00.1234567Z ##[group]Run pytest
2026-09-21T14:00:01.0000000Z \x1b[32mpassed\x1b[0m \x1b]0;owned\x07[red]x[/red]
no stamp
2026-09-21T14:00:02Z ##[error]Process completed with exit code 1.\r
"""


def finished(bench, log: bytes = LOG):
    web = bench.github.repo("acme/web")
    run = bench.github.run(web, status="completed", conclusion="failure")
    job = bench.github.job(web, run, status="completed", conclusion="failure")
    bench.github.logs[job["id"]] = log
    return f"acme/web/{job['id']}"


async def read(feed, record_id: str, **options):
    options = {"follow": False, "tail": 0, "since": None} | options
    return [line async for batch in feed.log(record_id, **options) for line in batch]


async def test_a_finished_job(bench):
    record_id = finished(bench)
    feed = bench.feed()
    async with bench.running(feed):
        lines = await read(feed, record_id)
        assert [line.text for line in lines] == [
            "##[group]Run pytest",
            "\x1b[32mpassed\x1b[0m [red]x[/red]",
            "no stamp",
            "##[error]Process completed with exit code 1.",
        ]
        assert lines[0].at == pytest.approx(datetime(2026, 9, 21, 14, tzinfo=UTC).timestamp() + 0.123456, abs=1e-4)
        assert lines[1].at - lines[0].at == pytest.approx(0.876544, abs=1e-4)
        assert lines[2].at is None
        assert {line.stream for line in lines} == {"stdout"}


async def test_the_tail_and_what_is_newer(bench):
    record_id = finished(bench)
    feed = bench.feed()
    async with bench.running(feed):
        whole = await read(feed, record_id)
        assert await read(feed, record_id, tail=2) == whole[-2:]
        assert [x.text for x in await read(feed, record_id, since=whole[1].at)] == [whole[2].text, whole[3].text]


async def test_a_running_job_shows_its_steps_and_then_its_log(bench):
    web = bench.github.repo("acme/web")
    run = bench.github.run(web)
    step = {"name": "Run pytest", "number": 4, "status": "queued", "conclusion": None}
    job = bench.github.job(web, run, steps=[step])
    feed = bench.feed()
    async with bench.running(feed):
        lines = []

        async def follow():
            async for batch in feed.log(f"acme/web/{job['id']}", follow=True, tail=0, since=None):
                lines.extend(batch)

        reading = asyncio.create_task(follow())
        await bench.clock.advance(6)
        assert [line.stream for line in lines] == ["note"]
        assert "no live log" in lines[0].text
        step["status"] = "in_progress"
        await bench.clock.advance(6)
        assert lines[-1].text == "◐ running  4 Run pytest"
        step.update(status="completed", conclusion="failure")
        job.update(status="completed", conclusion="failure")
        await bench.clock.advance(6)
        assert lines[-1].text == "✖ failed  4 Run pytest"
        # GitHub needs a moment to put the log together.
        assert not reading.done()
        bench.github.logs[job["id"]] = LOG
        await bench.clock.advance(4)
        assert reading.done()
        assert [line.text for line in lines][-4:][0] == "##[group]Run pytest"


async def test_a_running_job_without_following(bench):
    web = bench.github.repo("acme/web")
    step = {"name": "Set up", "number": 1, "status": "completed", "conclusion": "success"}
    job = bench.github.job(web, bench.github.run(web), steps=[step])
    feed = bench.feed()
    async with bench.running(feed):
        lines = await read(feed, f"acme/web/{job['id']}")
        assert [line.text for line in lines][1:] == ["● ok  1 Set up"]
        assert {line.stream for line in lines} == {"note"}


async def test_a_log_that_is_not_there_says_why(bench):
    record_id = finished(bench)
    bench.github.logs.clear()
    feed = bench.feed()
    async with bench.running(feed):
        with pytest.raises(SourceError, match="not yet, or not any more") as caught:
            await read(feed, record_id)
        assert caught.value.kind == "missing"
        for wrong in ("acme/web/x", "acme/web/999999", "other/repo/7", "", "7", "\x1b[31m"):
            with pytest.raises(SourceError) as caught:
                await read(feed, wrong)
            assert caught.value.kind == "missing"
            assert "\x1b" not in str(caught.value)


async def test_an_expired_log(bench):
    record_id = finished(bench)
    feed = bench.feed()
    async with bench.running(feed):
        fact = bench.github._fact
        gone = (410, {"content-type": "application/json"}, b'{"message":"Gone"}')
        bench.github._fact = lambda token, path, url: gone if path.endswith("/logs") else fact(token, path, url)
        with pytest.raises(SourceError, match="expired or was deleted"):
            await read(feed, record_id)


async def test_without_a_connection_there_is_no_log(bench):
    with pytest.raises(SourceError, match="not connected"):
        await read(bench.feed("acme/web"), "acme/web/7")


async def test_a_log_longer_than_the_limit_is_cut_with_a_note(bench, monkeypatch):
    monkeypatch.setattr(logs, "SIZE_LIMIT", 1024 * 1024)
    record_id = finished(bench, b"2026-09-21T14:00:00Z a line of a log\n" * 100_000)
    feed = bench.feed()
    inner = bench.github.handle_async_request

    async def pieces(body):
        for at in range(0, len(body), 65_536):
            yield body[at : at + 65_536]

    class Stream(httpx.AsyncByteStream):
        async def __aiter__(self):
            async for piece in pieces(bench.github.logs[int(record_id.rpartition("/")[2])]):
                yield piece

    async def answer(request):
        if str(request.url).startswith(STORAGE):
            return httpx.Response(200, stream=Stream())
        return await inner(request)

    bench.github.handle_async_request = answer
    async with bench.running(feed):
        lines = await read(feed, record_id)
        assert "longer than 1 MiB" in lines[-1].text
        assert lines[-1].stream == "note"
        assert 25_000 < len(lines) < 35_000


async def test_a_log_that_drips_ends_with_a_note(bench):
    record_id = finished(bench)
    inner = bench.github.handle_async_request

    class Drip(httpx.AsyncByteStream):
        async def __aiter__(self):
            while True:
                yield b"x\n"
                await bench.clock.sleep(5)

    async def answer(request):
        if str(request.url).startswith(STORAGE):
            return httpx.Response(200, stream=Drip())
        return await inner(request)

    bench.github.handle_async_request = answer
    feed = bench.feed()
    async with bench.running(feed):
        reading = asyncio.create_task(read(feed, record_id))
        await bench.clock.advance(logs.TIME_LIMIT_S + 10)
        assert reading.done()
        assert "took longer than 300 s" in reading.result()[-1].text


async def test_a_log_on_plain_http_is_not_followed(bench, monkeypatch):
    record_id = finished(bench)
    monkeypatch.setattr("tests.pipelines.github.STORAGE", "http://logs.example.net")
    feed = bench.feed()
    async with bench.running(feed):
        with pytest.raises(SourceError, match="without TLS"):
            await read(feed, record_id)


@given(st.lists(st.binary(max_size=50)), st.integers(1, 60))
def test_lines_are_the_same_however_the_bytes_arrive(parts, step):
    whole = b"".join(parts)
    splitter = Lines()
    lines = []
    for at in range(0, len(whole), step):
        lines += splitter.feed(whole[at : at + step])
    lines += splitter.end()
    assert lines == whole.split(b"\n")[: len(lines)]
    assert len(lines) == whole.count(b"\n") + bool(whole and not whole.endswith(b"\n"))


def test_a_line_without_end_is_bounded():
    splitter = Lines()
    for _ in range(1000):
        assert list(splitter.feed(b"x" * 65_536)) == []
        assert len(splitter._rest) <= LINE_LIMIT + 1
    (line,) = splitter.feed(b"\n")
    assert (len(line), splitter.cut) == (LINE_LIMIT, 1)


@given(st.binary(max_size=300))
def test_no_line_raises_or_carries_control_codes(raw):
    text = line_of(raw).text
    assert "\x1b]" not in text
    assert "\n" not in text
    assert "\x07" not in text

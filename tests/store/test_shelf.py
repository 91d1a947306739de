"""Shelves outlive the agent, and a state folder that fails stops nothing."""

from __future__ import annotations

import os
import subprocess

import pytest

from console.errors import StoreError
from console.store.shelf import RETRY_S, Shelves
from tests.clock import FakeClock


class Notices(list):
    def __call__(self, error: StoreError | None) -> None:
        self.append(error)


async def test_what_is_saved_is_there_after_a_restart(tmp_path):
    notices = Notices()
    first = Shelves(tmp_path / "s", FakeClock(), notices)
    await first.open()
    first.shelf("a").save("k", b"1")
    first.shelf("a").save("gone", b"2")
    await first.flush()
    first.shelf("a").save("gone", None)
    await first.close()
    second = Shelves(tmp_path / "s", FakeClock(), notices)
    await second.open()
    assert second.shelf("a").load() == {"k": b"1"}
    assert (tmp_path / "s/quarterdeck.db").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "s").stat().st_mode & 0o777 == 0o700
    await second.close()
    assert [n for n in notices if n] == []


async def test_an_equal_value_is_not_written_again(tmp_path):
    shelves = Shelves(tmp_path, FakeClock(), Notices())
    await shelves.open()
    shelves.shelf("a").save("k", b"1")
    await shelves.flush()
    shelves.shelf("a").save("k", b"1")
    assert shelves.pending == 0
    await shelves.close()


async def test_a_folder_that_cannot_be_made_is_a_notice_and_memory_serves(tmp_path):
    (tmp_path / "file").write_text("not a folder")
    notices = Notices()
    shelves = Shelves(tmp_path / "file/state", FakeClock(), notices)
    await shelves.open()
    shelves.shelf("a").save("k", b"1")
    assert not await shelves.flush()
    assert shelves.shelf("a").load() == {"k": b"1"}
    assert shelves.pending == 1
    assert "cannot be used" in notices[-1].message
    assert notices[-1].hint
    await shelves.close()


async def test_a_damaged_file_says_what_to_do(tmp_path):
    (tmp_path / "quarterdeck.db").write_bytes(b"not a database at all" * 100)
    notices = Notices()
    shelves = Shelves(tmp_path, FakeClock(), notices)
    await shelves.open()
    assert "damaged" in notices[-1].hint
    await shelves.close()


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small tmpfs needs root")
async def test_a_full_disk_loses_nothing_and_is_written_once_there_is_room(tmp_path):
    import asyncio

    small = tmp_path / "small"
    small.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "none", small], capture_output=True).returncode:
        pytest.skip("this sandbox does not mount a tmpfs")
    try:
        clock, notices = FakeClock(), Notices()
        shelves = Shelves(small, clock, notices)
        await shelves.open()
        writer = asyncio.create_task(shelves.run())
        filler = small / "filler"
        with pytest.raises(OSError, match="No space"):
            filler.write_bytes(b"x" * 1_000_000)
        shelves.shelf("a").save("k", b"v" * 20_000)
        await clock.advance(1.1)
        for _ in range(200):
            if notices:
                break
            await asyncio.sleep(0.02)
        assert "full" in notices[-1].message or "full" in notices[-1].hint
        assert shelves.shelf("a").load()["k"] == b"v" * 20_000
        filler.unlink()
        for _ in range(200):
            await clock.advance(RETRY_S + 2)
            if notices[-1] is None:
                break
            await asyncio.sleep(0.02)
        assert notices[-1] is None
        writer.cancel()
        await shelves.close()
        again = Shelves(small, clock, notices)
        await again.open()
        assert again.shelf("a").load()["k"] == b"v" * 20_000
        await again.close()
    finally:
        subprocess.run(["umount", small], check=True)

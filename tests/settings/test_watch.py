"""A good edit takes effect within two seconds; a bad one keeps the last good settings and says why."""

import asyncio
import os

import pytest

from console.settings.load import load
from console.settings.problems import SettingsError
from console.settings.watch import POLL_S, Look, watch
from tests.clock import FakeClock

GOOD = "organisation: acme\ndocker: [{name: here}]\n"
OTHER = "organisation: other\ndocker: [{name: here}, {name: far, url: 'ssh://far'}]\n"


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "quarterdeck.yaml"
    path.write_text(GOOD)
    return path


def told(look, looks=3):
    return [outcome for outcome in (look.again() for _ in range(looks)) if outcome is not None]


def test_nothing_is_told_while_nothing_changes(path):
    assert told(Look(path), 10) == []


def test_a_good_edit_is_told_once_at_the_second_look(path):
    look = Look(path)
    path.write_text(OTHER)
    assert look.again() is None
    assert look.again().settings.organisation == "other"
    assert told(look, 5) == []


def test_a_file_renamed_over_the_old_one_is_noticed(path, tmp_path):
    look = Look(path)
    stamp = path.stat()
    new = tmp_path / "new"
    new.write_text(GOOD.replace("acme", "emca"))  # same size
    os.utime(new, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    new.rename(path)
    (outcome,) = told(look)
    assert outcome.settings.organisation == "emca"


def test_a_symbolic_link_that_points_elsewhere_is_noticed(path, tmp_path):
    link = tmp_path / "link.yaml"
    link.symlink_to(path)
    look = Look(link)
    (tmp_path / "other.yaml").write_text(OTHER)
    link.unlink()
    link.symlink_to(tmp_path / "other.yaml")
    (outcome,) = told(look)
    assert outcome.settings.organisation == "other"


def test_a_bad_edit_tells_all_problems_once_and_the_good_one_after_it_is_told(path):
    look = Look(path)
    path.write_text("dockr: []\nui: 5\n")
    (error,) = told(look, 6)
    assert isinstance(error, SettingsError)
    assert len(error.problems) == 2
    path.write_text(GOOD)
    (outcome,) = told(look)
    assert outcome.settings.organisation == "acme"


def test_a_file_that_is_being_written_is_not_taken_for_one_that_says_less(path):
    look = Look(path)
    for length in (0, 10, 20, len(OTHER)):
        path.write_text(OTHER[:length])
        assert look.again() is None
    assert look.again().settings.organisation == "other"


def test_a_file_that_goes_is_told_once_and_its_return_is_told(path):
    look = Look(path)
    path.unlink()
    (error,) = told(look, 6)
    assert "no such file" in str(error)
    path.write_text(GOOD)
    (outcome,) = told(look)
    assert outcome.settings.organisation == "acme"


def test_a_file_that_is_gone_for_a_moment_is_not_missed(path, tmp_path):
    look = Look(path)
    path.rename(tmp_path / "backup")
    assert look.again() is None
    path.write_text(OTHER)
    (outcome,) = told(look)
    assert outcome.settings.organisation == "other"


def test_a_file_that_cannot_be_read_is_told_and_read_again_when_it_can(path, monkeypatch):
    look = Look(path)
    opened = os.open

    def refuse(name, *args, **kwargs):
        if name == path:
            raise PermissionError(13, "Permission denied")
        return opened(name, *args, **kwargs)

    monkeypatch.setattr("console.settings.load.os.open", refuse)
    path.chmod(0o200)
    (error,) = told(look, 6)
    assert "Permission denied" in str(error)
    monkeypatch.setattr("console.settings.load.os.open", opened)
    (outcome,) = told(look)
    assert outcome.settings.organisation == "acme"


def test_a_write_in_the_same_tick_of_the_disk_clock_is_seen_at_the_next_look(path, monkeypatch):
    look = Look(path)
    path.write_text(OTHER)
    frozen = path.stat()
    monkeypatch.setattr(type(path), "stat", lambda self, **_: frozen)
    (first,) = told(look, 2)
    assert first.settings.organisation == "other"
    path.write_text(OTHER.replace("other", "third"))
    (outcome,) = told(look)
    assert outcome.settings.organisation == "third"


def test_an_edit_between_loading_and_watching_is_not_lost(path):
    loaded = load(path)
    assert told(Look(path, in_effect=loaded)) == []
    path.write_text(OTHER)
    (outcome,) = told(Look(path, in_effect=loaded))
    assert outcome.settings.organisation == "other"


def test_without_a_file_the_first_one_to_appear_is_taken(tmp_path):
    env = {"XDG_CONFIG_HOME": str(tmp_path / "xdg"), "HOME": str(tmp_path)}
    look = Look(None, env)
    assert told(look) == []
    path = tmp_path / "xdg/quarterdeck/config.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(GOOD)
    (outcome,) = told(look, 4)
    assert outcome.settings.organisation == "acme"
    assert outcome.path == path


async def test_an_edit_takes_effect_within_two_seconds(path):
    clock = FakeClock()
    outcomes = []
    arrived = asyncio.Event()

    async def read():
        async for outcome in watch(path, clock):
            outcomes.append((clock.monotonic(), outcome))
            arrived.set()

    task = asyncio.create_task(read())
    await asleep(clock)
    path.write_text(OTHER)
    edited = clock.monotonic()
    while not arrived.is_set() and clock.monotonic() - edited < 10:
        await clock.advance(POLL_S)
        await asleep(clock)
    assert outcomes[0][1].settings.organisation == "other"
    assert outcomes[0][0] - edited <= 2.0
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def asleep(clock):
    """Return when the watcher's thread has looked and the watcher waits for the clock again."""
    async with asyncio.timeout(10):
        while not clock._sleepers:
            await asyncio.sleep(0.001)

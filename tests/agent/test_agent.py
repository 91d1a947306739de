"""The agent as a process: its socket, its stream, its end."""

from __future__ import annotations

import os
import signal
import socket
import time

import msgspec
import pytest

from console.client.connection import Connection
from console.client.replica import Batch, Replica
from console.client.stream import AgentPort
from console.clock import SystemClock
from console.errors import AgentError, ConsoleError
from console.fleet.model import Container
from console.world.model import Agent, Notice, Page, Source
from tests.agent.rooms import TestFeed, container
from tests.agent.running import agent, end, hosts, settings_file, until

ONE_HOST = hosts("eu1")


@pytest.fixture
def place(tmp_path):
    return settings_file(tmp_path / "etc", ONE_HOST), tmp_path / "state", tmp_path / "a.sock"


def fetch(path, route, method="GET", **kwargs):
    with Connection(path) as connection:
        return connection.fetch(method, route, **kwargs)


class Screen:
    """A client as the screen is one."""

    def __init__(self, path):
        self.replica = Replica()
        self.batches: list[Batch] = []
        self.port = AgentPort(path, SystemClock())
        self.port.start(self.take)

    def take(self, batch):
        self.batches.append(batch)
        self.replica.apply(batch)


def test_a_screen_sees_the_world_and_each_change(place):
    settings, folder, path = place
    with agent(settings, folder, path):
        screen = Screen(path)
        until(lambda: screen.replica.all(Container) and screen.replica.get(Source, "docker/eu1").state == "ok")
        assert [c.id for c in screen.replica.all(Container)] == ["eu1/web-1"]
        assert screen.replica.get(Agent, "self").mode == "personal"
        screen.port.close()


def test_the_socket_and_its_folders_are_private(tmp_path):
    settings = settings_file(tmp_path / "etc", ONE_HOST)
    path = tmp_path / "run/agent.sock"
    with agent(settings, tmp_path / "state", path):
        assert path.stat().st_mode & 0o777 == 0o600
        assert path.parent.stat().st_mode & 0o777 == 0o700
        assert (tmp_path / "state").stat().st_mode & 0o777 == 0o700
    assert not path.exists()


def test_a_second_agent_says_who_holds_the_folder(place):
    settings, folder, path = place
    from console.agent.run import run_agent
    from console.settings.load import load

    with agent(settings, folder, path) as pid:
        with pytest.raises(ConsoleError) as caught:
            run_agent(load(settings), folder=folder, socket_path=path.with_name("b.sock"), rooms_of=())
        assert f"pid {pid}" in caught.value.message
        assert str(path) in caught.value.message


def test_a_killed_agent_leaves_nothing_in_the_way(place):
    settings, folder, path = place
    with agent(settings, folder, path) as pid:
        end(pid, signal.SIGKILL)
        assert path.exists()
        with agent(settings, folder, path):
            assert msgspec.json.decode(fetch(path, "/v1/health"))["mode"] == "personal"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_it_within_five_seconds_with_streams_open(place, number):
    settings, folder, path = place
    with agent(settings, folder, path) as pid:
        screens = [Screen(path) for _ in range(3)]
        until(lambda: all(s.replica.all(Container) for s in screens))
        assert end(pid, number) < 5.0
        assert not path.exists()
        until(lambda: all(s.replica.link.state == "lost" for s in screens))
        assert all(any("agent ended" in b.link.error.lower() for b in s.batches) for s in screens), (
            "each ends with a whole line"
        )
        for screen in screens:
            screen.port.close()


def test_a_screen_goes_on_when_the_agent_comes_back(place):
    settings, folder, path = place
    with agent(settings, folder, path) as pid:
        screen = Screen(path)
        until(lambda: screen.replica.all(Container))
        end(pid, signal.SIGKILL)
        until(lambda: screen.replica.link.state == "lost")
        assert screen.replica.all(Container), "the last facts stay"
        with agent(settings, folder, path):
            until(lambda: screen.replica.link.state == "live")
            until(lambda: [b.reset for b in screen.batches].count(True) == 2)
            screen.port.close()


def test_a_frozen_agent_is_noticed(place, monkeypatch):
    monkeypatch.setattr("console.client.stream.SILENCE_S", 1.0)
    monkeypatch.setattr("console.agent.stream.HEARTBEAT_S", 0.2)
    settings, folder, path = place
    with agent(settings, folder, path) as pid:
        screen = Screen(path)
        until(lambda: screen.replica.all(Container))
        os.kill(pid, signal.SIGSTOP)
        try:
            until(lambda: screen.replica.link.state == "lost")
            assert "does not answer" in screen.replica.link.error
        finally:
            os.kill(pid, signal.SIGCONT)
        until(lambda: screen.replica.link.state == "live")
        screen.port.close()


def test_nothing_is_sent_while_nothing_happens_but_heartbeats(place, monkeypatch):
    monkeypatch.setattr("console.agent.stream.HEARTBEAT_S", 0.2)
    settings, folder, path = place
    with agent(settings, folder, path), Connection(path) as connection:
        pages = (msgspec.json.decode(line, type=Page) for line in connection.lines("/v1/world/stream", {}))
        kinds = [next(pages).kind for _ in range(8)]
    assert kinds[0] == "snapshot"
    assert kinds[-4:] == ["heartbeat"] * 4


def test_a_header_cannot_make_a_caller(place):
    settings, folder, path = place
    with agent(settings, folder, path), socket.socket(socket.AF_UNIX) as raw:
        raw.connect(str(path))
        raw.sendall(
            b"GET /v1/whoami HTTP/1.1\r\nHost: quarterdeck\r\nX-Forwarded-For: uid:0\r\nForwarded: for=uid:0\r\n"
            b"X-Quarterdeck-Caller: root\r\nquarterdeck.caller: root\r\nX-Forwarded-User: somebody\r\nConnection: close\r\n\r\n"
        )
        answer = b""
        while part := raw.recv(65_536):
            answer += part
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b" 200 " in head.splitlines()[0]
    who = msgspec.json.decode(body)
    assert who["uid"] == os.geteuid()
    assert who["name"] != "somebody"


def test_the_openapi_document_names_every_route(place):
    settings, folder, path = place
    with agent(settings, folder, path):
        document = msgspec.json.decode(fetch(path, "/schema"))
        again = msgspec.json.decode(fetch(path, "/schema/openapi.json"))
    assert document == again
    assert {"/v1/world/stream", "/v1/health", "/v1/looks", "/v1/log", "/v1/whoami"} <= set(document["paths"])


def test_an_unknown_topic_says_what_there_is(place):
    settings, folder, path = place
    with agent(settings, folder, path):
        with pytest.raises(ConsoleError, match="no topic 'pods'") as caught:
            fetch(path, "/v1/world/pods")
        assert "containers" in caught.value.hint


@pytest.fixture
def odd_containers():
    """Rooms with a container whose log is gone and one whose log says nothing."""

    async def behave(feed: TestFeed, report) -> None:
        import asyncio

        feed.context.world.replace("containers", [container(n) for n in ("web-1", "gone", "silent")])
        report.ok(0.0)
        await asyncio.Event().wait()

    def rooms(_settings):
        from console.world.feed import Wanted

        return [Wanted("docker/eu1", 0, lambda c: TestFeed("docker/eu1", c, behave))]

    return (rooms,)


def test_logs_are_read_through_and_a_missing_one_is_said(place, odd_containers):
    settings, folder, path = place
    with agent(settings, folder, path, rooms=odd_containers):
        port = AgentPort(path, SystemClock())
        (batch,) = port.log("containers", "eu1/web-1", follow=False, tail=2)
        assert [line.text for line in batch] == ["line 0", "line 1"]
        with pytest.raises(ConsoleError, match="no such container"):
            next(port.log("containers", "eu1/gone", follow=False))
        with pytest.raises(ConsoleError, match="There is no log"):
            next(port.log("containers", "eu1/../../info?x", follow=False))
        following = port.log("containers", "eu1/web-1", follow=True, tail=1)
        assert len(next(following)) == 1
        assert next(following) == []
        following.close()


def test_a_silent_log_is_followed_and_let_go(place, odd_containers):
    """It opens without a line, goes on without one, and nothing stays behind when its reader leaves."""
    settings, folder, path = place
    with agent(settings, folder, path, rooms=odd_containers):
        screen = Screen(path)
        following = AgentPort(path, SystemClock()).log("containers", "eu1/silent", follow=True)
        assert next(following) == []
        assert next(following) == []
        following.close()
        until(lambda: (c := screen.replica.get(Container, "eu1/read")) and c.labels == {"reading": "0"})
        # One that leaves before its stream has begun.
        with socket.socket(socket.AF_UNIX) as raw:
            raw.connect(str(path))
            raw.sendall(
                b"GET /v1/log?topic=containers&record=eu1/silent&follow=true HTTP/1.1\r\nHost: quarterdeck\r\n\r\n"
            )
            time.sleep(0.3)
        until(lambda: _reading_again(path) == "0")
        screen.port.close()


def _reading_again(path) -> str:
    records = msgspec.json.decode(fetch(path, "/v1/world/containers"))
    return next(r["labels"]["reading"] for r in records if r["id"] == "eu1/read")


def test_looks_hold_until_the_stream_ends(place):
    settings, folder, path = place

    def behave(feed: TestFeed, report) -> None:
        feed.context.interest.listen(feed.note_looks)

    def rooms(_settings):
        from console.world.feed import Wanted

        return [Wanted("docker/eu1", 0, lambda c: TestFeed("docker/eu1", c, behave))]

    with agent(settings, folder, path, rooms=(rooms,)):
        watcher, looker = Screen(path), Screen(path)
        looker.port.look([("stats", "eu1/a")])

        def labels():
            record = watcher.replica.get(Container, "eu1/looks")
            return record is not None and set(record.labels)

        until(lambda: labels() == {"eu1/a"})
        looker.port.look([("stats", "eu1/b")])
        until(lambda: labels() == {"eu1/b"})
        looker.port.close()
        until(lambda: labels() == set())
        watcher.port.close()


def test_looks_without_a_stream_are_refused(place):
    """R45: nobody would ever end them."""
    settings, folder, path = place
    with agent(settings, folder, path):
        body = msgspec.json.encode({"client": "0123456789abcdef", "looks": [["series", "cpu"]]})
        with pytest.raises(ConsoleError, match="no open stream"):
            fetch(path, "/v1/looks", "PUT", body=body)


def test_a_screen_of_another_version_says_so_and_goes_on_trying(place, monkeypatch):
    settings, folder, path = place
    monkeypatch.setitem(
        __import__("console.client.stream", fromlist=["_decoders"])._decoders,
        "containers",
        msgspec.json.Decoder(Notice),
    )
    with agent(settings, folder, path):
        screen = Screen(path)
        until(lambda: "does not know" in screen.replica.link.error)
        monkeypatch.undo()
        until(lambda: screen.replica.link.state == "live")
        screen.port.close()


def test_a_feed_that_breaks_stops_no_other_and_keeps_its_facts(tmp_path):
    settings = settings_file(tmp_path / "etc", hosts("good", "bad"))

    async def fail(feed: TestFeed, report) -> None:
        if feed.runs == 1:
            feed.context.world.put(container("old", "bad"))
            report.ok(0.0)
        raise ZeroDivisionError("a mistake of ours")

    def rooms(settings):
        from console.world.feed import Wanted

        behaviours = {"good": None, "bad": fail}
        return [
            Wanted(f"docker/{h.name}", h, lambda c, n=h.name: TestFeed(f"docker/{n}", c, behaviours[n]))
            for h in settings.docker
        ]

    path = tmp_path / "a.sock"
    with agent(settings, tmp_path / "state", path, rooms=(rooms,)):
        screen = Screen(path)
        until(lambda: (s := screen.replica.get(Source, "docker/bad")) and s.state == "failed")
        bad = screen.replica.get(Source, "docker/bad")
        assert bad.failures >= 3
        assert "ZeroDivisionError" in bad.error
        assert bad.retry_at is not None
        assert bad.data_at is not None
        assert screen.replica.get(Source, "docker/good").state == "ok"
        assert {c.id for c in screen.replica.all(Container)} == {"bad/old", "good/web-1"}
        text = fetch(path, "/metrics").decode()
        assert 'quarterdeck_source_up{source="docker/good"} 1.0' in text
        assert 'quarterdeck_source_errors_total{kind="ZeroDivisionError",source="docker/bad"}' in text
        screen.port.close()


def test_good_settings_take_effect_and_bad_ones_leave_the_last_good(place):
    settings, folder, path = place
    with agent(settings, folder, path):
        screen = Screen(path)
        until(lambda: screen.replica.get(Source, "docker/eu1"))
        began = time.monotonic()
        settings.write_text(hosts("eu1", "eu2"))
        until(lambda: screen.replica.get(Container, "eu2/web-1"))
        assert time.monotonic() - began < 5.0
        settings.write_text("docker: [{nam: eu1}]\n")
        until(lambda: screen.replica.get(Notice, "settings"))
        assert screen.replica.get(Container, "eu2/web-1")
        settings.write_text(hosts("eu2"))
        until(lambda: not screen.replica.get(Notice, "settings"))
        until(lambda: not screen.replica.get(Source, "docker/eu1") and not screen.replica.get(Container, "eu1/web-1"))
        screen.port.close()


def test_facts_are_there_after_a_restart_with_their_age(place):
    settings, folder, path = place
    with agent(settings, folder, path):
        until(lambda: b"web-1" in fetch(path, "/v1/world/containers"))

    async def never(feed: TestFeed, report) -> None:
        import asyncio

        await asyncio.Event().wait()

    def rooms(_settings):
        from console.world.feed import Wanted

        return [Wanted("docker/eu1", 0, lambda c: TestFeed("docker/eu1", c, never))]

    with agent(settings, folder, path, rooms=(rooms,)):
        screen = Screen(path)
        until(lambda: screen.replica.all(Container))
        source = screen.replica.get(Source, "docker/eu1")
        assert source.state == "starting"
        assert source.data_at is not None
        screen.port.close()


def test_a_personal_agent_ends_when_nobody_is_there(tmp_path, monkeypatch):
    monkeypatch.setattr("console.agent.run.IDLE_TICK_S", 0.1)
    path = tmp_path / "a.sock"
    with agent(settings_file(tmp_path, "agent: {idle_exit: 1s}\n"), tmp_path / "state", path, rooms=()):
        screen = Screen(path)
        time.sleep(2.0)
        assert path.exists(), "a connected screen keeps it"
        screen.port.close()
        until(lambda: not path.exists())


def test_a_duty_agent_never_ends_by_itself(tmp_path, monkeypatch):
    """R2"""
    monkeypatch.setattr("console.agent.run.IDLE_TICK_S", 0.1)
    import grp

    group = grp.getgrgid(os.getegid()).gr_name
    path = tmp_path / "a.sock"
    text = f"agent: {{mode: duty, idle_exit: 1s, group: {group}}}\n"
    with agent(settings_file(tmp_path, text), tmp_path / "state", path, rooms=()):
        time.sleep(2.0)
        assert path.exists()


def test_two_duty_agents_of_one_organisation_are_noticed(tmp_path):
    """R1"""
    import grp

    group = grp.getgrgid(os.getegid()).gr_name
    text = f"organisation: acme-{os.getpid()}\nagent: {{mode: duty, group: {group}}}\n"
    first, second = tmp_path / "1.sock", tmp_path / "2.sock"
    one = agent(settings_file(tmp_path / "1", text), tmp_path / "s1", first, rooms=())
    two = agent(settings_file(tmp_path / "2", text), tmp_path / "s2", second, rooms=())
    with one, two:
        assert b"Another duty agent" in fetch(second, "/v1/world/notices")
        assert b"Another duty agent" not in fetch(first, "/v1/world/notices")


def test_a_source_that_cannot_be_made_stops_no_other(place):
    settings, folder, path = place

    def rooms(_settings):
        from console.world.feed import Wanted

        def broken(_context):
            raise ImportError("a mistake of ours")

        return [Wanted("docker/broken", 0, broken), Wanted("docker/eu1", 0, lambda c: TestFeed("docker/eu1", c))]

    with agent(settings, folder, path, rooms=(rooms,)):
        screen = Screen(path)
        until(lambda: screen.replica.all(Container))
        until(lambda: (s := screen.replica.get(Source, "docker/broken")) and "a mistake of ours" in s.error)
        screen.port.close()


def test_no_agent_is_said_with_what_to_do(tmp_path):
    with pytest.raises(AgentError) as caught:
        Connection(tmp_path / "none.sock")
    assert "quarterdeck agent" in caught.value.hint

"""The feed against a real engine."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest

from console.errors import SourceError
from console.fleet.model import Container, Host, Image, Network, Stats, Volume, container_word
from tests.fleet.conftest import kit

pytestmark = pytest.mark.stack


async def test_the_first_list_fills_the_world(docker, hand):
    made = await hand.make("sleep", "1000", labels={"com.docker.compose.project": "shop", "evil": "\x1b[2J[bold]"})
    volume = (await hand.do("create_volume", labels={"t": "1"}))["Name"]
    k = kit(docker["url"], environment="dev")
    async with k.running():
        record = await k.until(lambda: (c := k.container(made)) and c.started_at and c)
        host = k.world.get(Host, "a")
        assert (record.state, record.project, record.image) == ("running", "shop", "quarterdeck-test:1")
        assert record.labels["evil"] == "[bold]"
        assert (host.api, host.environment, host.swarm) == ("1.41", "dev", "inactive")
        assert host.running >= 1
        assert host.cpus >= 1
        assert next(i.containers for i in k.world.all(Image) if "quarterdeck-test:1" in i.tags) >= 1
        assert {"bridge", "host", "none"} <= {n.name for n in k.world.all(Network)}
        assert k.world.get(Volume, f"a/{volume}") is not None
        await hand.do("remove_volume", volume)
        await k.until(lambda: k.world.get(Volume, f"a/{volume}") is None)
        assert k.report.record.detail == "API 1.41"


async def test_a_container_from_its_creation_to_its_removal(docker, hand):
    k = kit(docker["url"])
    async with k.running():
        made = await hand.make("sh", "-c", "exit 3", start=False)
        await k.until(lambda: (c := k.container(made)) and c.state == "created")
        await hand.do("start", made)
        record = await k.until(lambda: (c := k.container(made)) and c.state == "exited" and c)
        assert (record.exit_code, record.status, container_word(record)) == (3, "Exited (3)", "failed")
        assert abs(record.finished_at - record.started_at) < 5
        await hand.do("rename", made, f"renamed-{made[:8]}")
        await k.until(lambda: k.container(made).name == f"renamed-{made[:8]}")
        await hand.do("remove_container", made)
        await k.until(lambda: k.container(made) is None)


async def test_health_pause_and_limits(docker, hand):
    k = kit(docker["url"])
    async with k.running():
        check = {"test": ["CMD-SHELL", "echo so it is; test -e /tmp/fine"], "interval": 10**9, "retries": 1}
        made = await hand.make("sleep", "1000", healthcheck=check, limits={"mem_limit": 32 * 2**20})
        await k.until(lambda: (c := k.container(made)) and c.health == "unhealthy")
        assert k.container(made).health_log == "so it is"
        assert k.container(made).memory_limit == 32 * 2**20
        assert container_word(k.container(made)) == "failed"
        run = await hand.do("exec_create", made, ["touch", "/tmp/fine"])
        await hand.do("exec_start", run["Id"])
        await k.until(lambda: k.container(made).health == "healthy")
        await hand.do("pause", made)
        await k.until(lambda: k.container(made).state == "paused")
        await hand.do("unpause", made)
        await k.until(lambda: k.container(made).state == "running")


async def test_out_of_memory_and_restarts(docker, hand):
    k = kit(docker["url"])
    async with k.running():
        # The engine hears of the kill while the container still lives: its own two notices race otherwise, and the one
        # of the kill may come late on a busy machine.
        made = await hand.make(
            "sh",
            "-c",
            "tail -c 100m /dev/zero; sleep 3; exit 137",
            limits={"mem_limit": 8 * 2**20, "memswap_limit": 8 * 2**20},
        )
        record = await k.until(lambda: (c := k.container(made)) and c.state == "exited" and c.oom_killed and c)
        assert record.exit_code == 137
        assert container_word(record) == "failed"
        again = await hand.make(
            "sh", "-c", "exit 1", limits={"restart_policy": {"Name": "on-failure", "MaximumRetryCount": 2}}
        )
        await k.until(lambda: (c := k.container(again)) and c.restarts == 2 and c.state == "exited")
        assert k.container(again).restart_policy == "on-failure:2"


async def test_networks_follow(docker, hand):
    k = kit(docker["url"])
    async with k.running():
        made = await hand.make("sleep", "1000")
        network = await hand.do("create_network", f"n-{made[:8]}")
        try:
            await k.until(lambda: any(n.name == f"n-{made[:8]}" for n in k.world.all(Network)))
            await hand.do("connect_container_to_network", made, network["Id"])
            await k.until(lambda: k.container(made) and f"n-{made[:8]}" in k.container(made).networks)
            await hand.do("disconnect_container_from_network", made, network["Id"])
            await k.until(lambda: f"n-{made[:8]}" not in k.container(made).networks)
        finally:
            await hand.do("remove_network", network["Id"])
        await k.until(lambda: not any(n.name == f"n-{made[:8]}" for n in k.world.all(Network)))


async def test_stats_only_while_somebody_looks(docker, hand):
    made = await hand.make("sh", "-c", "while :; do :; done")
    k = kit(docker["url"])
    async with k.running():
        look = ("stats", f"a/{made[:12]}")
        await asyncio.sleep(0)
        assert k.world.all(Stats) == []
        assert not k.feed._watch._streams
        k.interest.look("screen", [look])
        stats = await k.until(lambda: (s := k.world.get(Stats, look[1])) and len(s.at) >= 2 and s)
        assert stats.cpu[-1] > 20
        assert stats.memory[-1] > 0
        assert stats.pids >= 1
        assert len(stats.at) == len(stats.cpu) == len(stats.network_rx) == len(stats.block_write)
        k.interest.look("screen", [])
        await k.until(lambda: k.world.get(Stats, look[1]) is None)
        assert not k.feed._watch._streams


async def lines_of(k, made, count, **options):
    found = []
    reader = k.feed.log(f"a/{made[:12]}", **{"follow": False, "tail": 0, "since": None, **options})
    try:
        async with asyncio.timeout(20):
            async for batch in reader:
                found += batch
                if len(found) >= count:
                    break
    finally:
        await reader.aclose()
    return found


async def test_logs_of_both_streams_since_tail_and_follow(docker, hand):
    made = await hand.make(
        "sh", "-c", "for i in 1 2 3; do echo out $i; echo err $i >&2; done; sleep 2; echo late; sleep 99"
    )
    k = kit(docker["url"])
    async with k.running():
        await k.until(lambda: k.container(made))
        found = await lines_of(k, made, 7, follow=True)
        assert sorted((line.stream, line.text) for line in found) == [
            *[("stderr", f"err {i}") for i in (1, 2, 3)],
            ("stdout", "late"),
            *[("stdout", f"out {i}") for i in (1, 2, 3)],
        ]
        late = next(line for line in found if line.text == "late")
        assert [line.text for line in await lines_of(k, made, 9, since=late.at - 0.5)] == ["late"]
        assert [line.text for line in await lines_of(k, made, 9, tail=1)] == ["late"]
        assert len(k.feed._engine._streams) == 1  # the events


async def test_the_log_of_a_terminal_and_its_end(docker, hand):
    made = await hand.make("sh", "-c", r"printf '\033[31mred\033[0m\033]0;evil\007\r\n'", tty=True)
    k = kit(docker["url"])
    async with k.running():
        await k.until(lambda: (c := k.container(made)) and c.state == "exited")
        found = await lines_of(k, made, 9, follow=True)
        assert [(line.stream, line.text) for line in found] == [
            ("stdout", "\x1b[31mred\x1b[0m"),
            ("note", "The log ends here: the container does not run"),
        ]


async def test_the_log_of_what_is_gone_says_so(docker):
    k = kit(docker["url"])
    with pytest.raises(SourceError, match="not connected"):
        await lines_of(k, "0" * 64, 1)
    async with k.running():
        with pytest.raises(SourceError, match="gone"):
            await lines_of(k, "0" * 64, 1)


async def test_forget_leaves_nothing(docker, hand):
    await hand.make("sleep", "1000")
    k = kit(docker["url"])
    async with k.running():
        assert k.world.all(Container)
    k.feed.forget()
    assert {t: n for t, n in k.world.counts().items() if n and t != "sources"} == {}


async def test_nothing_is_left_open(docker, hand):
    made = await hand.make("sh", "-c", "echo hello; sleep 1000")

    async def once():
        k = kit(docker["url"])
        async with k.running():
            k.interest.look("screen", [("stats", f"a/{made[:12]}")])
            await k.until(lambda: k.feed._watch._streams)
            for _ in range(3):
                await lines_of(k, made, 1, follow=True)

    await once()
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(5):
        await once()
    assert len(list(Path("/proc/self/fd").iterdir())) <= before
    for thread in threading.enumerate():
        if thread.name in ("docker-events", "docker-stats", "docker-logs"):
            thread.join(5)
            assert not thread.is_alive(), thread.name

from __future__ import annotations

import contextlib
import types
import typing

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from console.errors import SourceError
from console.fleet import facts, stats, wire
from console.fleet.client import negotiate
from console.fleet.model import Port

NASTY = st.text() | st.sampled_from(["\x1b]0;x\x07\x1b[2J", "[bold]", "\u202eevil", "\ud800", "0001-01-01T00:00:00Z"])
INTS = st.integers(-(2**70), 2**70)


def _of(hint):
    origin = typing.get_origin(hint)
    args = typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        return st.one_of([_of(a) for a in args])
    if hint is type(None):
        return st.none()
    if hint is str:
        return NASTY
    if hint is int:
        return INTS
    if hint is bool:
        return st.booleans()
    if origin is list:
        return st.lists(_of(args[0]), max_size=2)
    if origin is dict:
        return st.dictionaries(NASTY, _of(args[1]), max_size=2)
    fields = msgspec.structs.fields(hint)
    return st.builds(hint, **{f.name: _of(f.type) for f in fields})


def plain(record):
    """A record can be sent, and carries no control code anywhere."""
    text = msgspec.json.encode(record).decode()
    for code in ("\\u001b", "\\u0007", "\\u009b", "\u202e", "\\u0000", "\x9b"):
        assert code not in text


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=60)
@given(_of(wire.Listed), _of(wire.Inspected))
def test_whatever_a_container_says_becomes_a_clean_record(listed, inspected):
    known = facts.inspected("a", inspected)
    plain(known)
    plain(facts.listed("a", listed, None))
    plain(facts.listed("a", listed, known))


@pytest.mark.parametrize(
    ("kind", "convert"),
    [
        (wire.Image, lambda said: facts.image("a", said)),
        (wire.Network, lambda said: facts.network("a", said)),
        (wire.Volume, lambda said: facts.volume("a", said)),
        (wire.Info, lambda said: facts.host_facts("a", "unix:///s", "", "1.41", said)),
    ],
)
@settings(deadline=None, max_examples=40)
@given(data=st.data())
def test_whatever_the_rest_says_becomes_a_clean_record(kind, convert, data):
    plain(convert(data.draw(_of(kind))))


@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], deadline=None, max_examples=40)
@given(_of(wire.Sample), _of(wire.Sample))
def test_whatever_samples_say_becomes_a_record(first, second):
    uses = [u for u in (stats.use(first, 1.0), stats.use(second, 2.0)) if u is not None]
    if len(uses) == 2 and (point := stats.point(*uses)) is not None:
        plain(point)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["Id", "State", "Names", "Health", "Config", "Name", "Mounts"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)


@given(JSON, st.sampled_from([wire.Inspected, list[wire.Listed], wire.Info, wire.Volumes, wire.Event, wire.Sample]))
def test_any_json_is_a_struct_or_a_decode_error(value, kind):
    with contextlib.suppress(msgspec.MsgspecError):
        msgspec.json.decode(msgspec.json.encode(value), type=kind)


def decode(text: str, kind):
    return msgspec.json.decode(text, type=kind)


def test_list_and_inspect_of_one_container_make_one_record():
    listed = decode(
        """{"Id":"0123456789abcdef","Names":["/web","/other/alias"],"Image":"acme/web:1","ImageID":"sha256:aaaaaaaaaaaabbbb",
        "Command":"sh -c 'sleep 9'","Created":1790000000,"Ports":[{"IP":"127.0.0.1","PrivatePort":80,"PublicPort":8080,
        "Type":"tcp"},{"PrivatePort":443,"Type":"tcp"}],"Labels":{"com.docker.compose.project":"shop",
        "com.docker.compose.service":"web"},"State":"running","Status":"Up 2 hours (healthy)",
        "NetworkSettings":{"Networks":{"front":{}}},"Mounts":[{"Type":"volume","Name":"data","Source":"/x",
        "Destination":"/data","RW":false}]}""",
        wire.Listed,
    )
    inspected = decode(
        """{"Id":"0123456789abcdef","Name":"/web","Created":"2026-09-21T14:13:20.123456789Z","Path":"sh",
        "Args":["-c","sleep 9"],"Image":"sha256:aaaaaaaaaaaabbbb","RestartCount":0,"State":{"Status":"running",
        "ExitCode":0,"StartedAt":"2026-09-21T14:13:21Z","FinishedAt":"0001-01-01T00:00:00Z",
        "Health":{"Status":"healthy","Log":[{"Output":"fine\\n"}]}},"Config":{"Image":"acme/web:1",
        "Labels":{"com.docker.compose.project":"shop","com.docker.compose.service":"web"}},
        "HostConfig":{"Memory":0,"RestartPolicy":{"Name":"on-failure","MaximumRetryCount":3}},
        "NetworkSettings":{"Networks":{"front":{}},"Ports":{"80/tcp":[{"HostIp":"127.0.0.1","HostPort":"8080"}],
        "443/tcp":null}},"Mounts":[{"Type":"volume","Name":"data","Source":"/x","Destination":"/data","RW":false}]}""",
        wire.Inspected,
    )
    full = facts.inspected("a", inspected)
    assert full.health_log == "fine"
    assert full.restart_policy == "on-failure:3"
    assert full.ports == (Port(80, 8080, "127.0.0.1"), Port(443))
    assert (full.project, full.service) == ("shop", "web")
    # A list that comes after the inspect takes nothing away and changes nothing.
    assert facts.listed("a", listed, full) == full


@pytest.mark.parametrize(
    ("status", "state", "code", "health"),
    [
        ("Up 3 seconds (health: starting)", "running", None, "starting"),
        ("Up 3 days (unhealthy)", "running", None, "unhealthy"),
        ("Exited (137) 2 hours ago", "exited", 137, "none"),
        ("Restarting (1) 3 seconds ago", "restarting", 1, "none"),
        ("Created", "created", None, "none"),
    ],
)
def test_the_words_of_the_list(status, state, code, health):
    record = facts.listed("a", wire.Listed(id="f" * 64, state=state, status=status), None)
    assert (record.state, record.exit_code, record.health) == (state, code, health)
    assert "ago" not in record.status
    assert "seconds" not in record.status


def test_versions_at_both_ends():
    assert negotiate(wire.Version(api_version="1.41", min_api="1.12"), "u") == "1.41"
    assert negotiate(wire.Version(api_version="1.52", min_api="1.44"), "u") == "1.52"
    assert negotiate(wire.Version(api_version="1.99", min_api="1.44"), "u") == "1.52"
    for version, said in (
        (wire.Version(api_version="1.40"), "Upgrade the engine"),
        (wire.Version(api_version="2.10", min_api="1.53"), "Upgrade Quarterdeck"),
        (wire.Version(api_version="one"), "Is this a Docker engine"),
        (wire.Version(), "Is this a Docker engine"),
    ):
        with pytest.raises(SourceError) as caught:
            negotiate(version, "u")
        assert caught.value.kind == "protocol"
        assert said in caught.value.hint


def sample(**more) -> wire.Sample:
    return msgspec.convert({"read": "2026-11-20T10:00:00Z", **more}, wire.Sample)


def test_cpu_and_memory_of_both_cgroup_versions():
    v1 = {"usage": 100, "limit": 2**40, "stats": {"total_inactive_file": 30, "cache": 60}}
    v2 = {"usage": 100, "limit": 2**40, "stats": {"inactive_file": 40}}
    first = stats.use(sample(memory_stats=v1, cpu_stats={"cpu_usage": {"total_usage": 10**9}}), 0.0)
    second = stats.use(
        sample(
            read="2026-11-20T10:00:02Z",
            memory_stats=v2,
            cpu_stats={"cpu_usage": {"total_usage": 2 * 10**9}},
            networks={"eth0": {"rx_bytes": 500}, "eth1": {"rx_bytes": 500}},
            blkio_stats={"io_service_bytes_recursive": [{"op": "Read", "value": 2}, {"op": "read", "value": 2}]},
        ),
        0.0,
    )
    assert (first.memory, second.memory) == (70, 60)
    point = stats.point(first, second)
    assert (point.cpu, point.rx, point.read) == (50.0, 500, 2)
    assert stats.point(second, second) is None


def test_the_empty_sample_of_a_stopped_container_is_none():
    assert stats.use(sample(cpu_stats={"cpu_usage": {"total_usage": 0}}, memory_stats={}), 0.0) is None

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.errors import SourceError
from console.fleet.address import parse
from console.fleet.facts import shown_url


def test_each_kind_of_url():
    assert parse("unix:///var/run/docker.sock", tls=False).path == "/var/run/docker.sock"
    there = parse("ssh://deploy@eu1.example.com:2222", tls=False)
    assert (there.user, there.host, there.port, there.path) == (
        "deploy",
        "eu1.example.com",
        2222,
        "/var/run/docker.sock",
    )
    assert parse("ssh://eu1/run/user/1000/docker.sock", tls=False).path == "/run/user/1000/docker.sock"
    assert parse("tcp://127.0.0.1:2375", tls=False).http == "http://127.0.0.1:2375"
    assert parse("tcp://[::1]", tls=False).http == "http://[::1]:2375"
    assert parse("tcp://eu1.example.com", tls=True).http == "https://eu1.example.com:2376"


def test_plain_tcp_to_another_machine_is_refused():
    with pytest.raises(SourceError, match="root") as caught:
        parse("tcp://10.0.0.1:2375", tls=False)
    assert caught.value.kind == "tls"
    assert "ssh://" in caught.value.hint


@pytest.mark.parametrize(
    "url",
    [
        "ssh://-oProxyCommand=evil",
        "ssh://-oProxyCommand=evil@host",
        "ssh://host;evil",
        "ssh://host/a:b",
        "unix://",
        "unix://relative.sock",
        "tcp://",
        "tcp://host:99999",
        "tcp://127.0.0.1/path",
        "npipe:////./pipe/docker",
        "host:2375",
        "",
        "ssh://user:secret@host",
    ],
)
def test_what_is_no_docker_host_says_so(url):
    with pytest.raises(SourceError) as caught:
        parse(url, tls=False)
    assert "secret" not in str(caught.value)
    assert caught.value.hint


@given(st.text(), st.booleans())
def test_any_text_is_an_address_or_a_source_error(url, tls):
    try:
        found = parse(url, tls=tls)
    except SourceError:
        return
    assert not found.host.startswith("-")
    assert not found.user.startswith("-")


def test_a_password_is_not_shown():
    assert "secret" not in shown_url("tcp://user:secret@host:1")

"""What a peer's answer means when it is no fact."""

from __future__ import annotations

import ssl
from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console import peer
from console.errors import SourceError

WALL = 1_800_000_000.0
ONE = peer.Peer("http://h:1", "Prometheus", "Ask for less.")


@pytest.mark.parametrize(
    ("status", "kind", "word"),
    [
        (301, "protocol", "sends us on to https://sso.example/"),
        (401, "refused", "refused us"),
        (403, "refused", "refused us"),
        (404, "missing", "answered HTTP 404: boom"),
        (418, "failed", "answered HTTP 418"),
        (429, "limited", "slow down"),
        (500, "failed", "answered HTTP 500: boom"),
    ],
)
def test_every_refusal_says_what_failed_and_what_to_do(status, kind, word):
    headers = {"location": "https://sso.example/\x1b]0;x\x07", "retry-after": "17"}
    error = ONE.refusal(status, headers, b"\x1b[31mboom")
    assert error.kind == kind
    assert word in error.message
    assert "\x1b" not in error.message
    assert error.hint
    assert error.retry_after_s == (17.0 if status == 429 else None)


@given(
    st.integers(300, 599), st.dictionaries(st.sampled_from(["location", "retry-after", "date"]), st.text()), st.binary()
)
def test_whatever_a_peer_says_is_an_error_of_bounded_length(status, headers, body):
    error = ONE.refusal(status, headers, body)
    assert len(error.message) < 300
    assert error.retry_after_s is None or 0 <= error.retry_after_s <= peer.MOST_WAIT_S


def test_retry_after_by_the_peers_clock():
    skewed = {"date": formatdate(WALL + 7200, usegmt=True), "retry-after": formatdate(WALL + 7230, usegmt=True)}
    assert peer.retry_after_s(skewed, WALL) == 30
    assert peer.retry_after_s({"retry-after": formatdate(WALL + 30, usegmt=True)}, WALL) == 30
    assert peer.retry_after_s({}, WALL) is None
    assert peer.retry_after_s({"retry-after": "soon"}, WALL) is None


def test_how_far_a_clock_is_ahead():
    assert peer.ahead_s({"date": formatdate(WALL + 90, usegmt=True)}, WALL) == 90.5
    assert peer.ahead_s({"date": "Fri"}, WALL) is None


def test_the_deepest_cause_that_says_anything_is_told():
    inner = ConnectionRefusedError(111, "Connection refused")
    outer = RuntimeError(ValueError(), inner)
    outer.__cause__ = OSError()
    assert peer.words(peer.causes(outer)) == "Connection refused"
    assert peer.words(peer.causes(TimeoutError())) == "TimeoutError"


def test_causes_that_go_in_circles_end():
    one, other = RuntimeError("a"), RuntimeError("b")
    one.__cause__, other.__cause__ = other, one
    assert peer.causes(one) == [one, other]


def test_tls_is_found_under_anything_and_told_apart_from_other_failures():
    wrapped = RuntimeError(OSError(ssl.SSLCertVerificationError(1, "certificate verify failed")))
    error = ONE.no_tls(peer.causes(wrapped))
    assert error is not None
    assert error.kind == "tls"
    assert ONE.no_tls(peer.causes(OSError("no route"))) is None


def test_a_token_that_no_header_may_hold_is_refused_unseen():
    assert peer.token_header("abc", "Prometheus") == "Bearer abc"
    with pytest.raises(SourceError) as caught:
        peer.token_header("s3cret\n", "Prometheus")
    assert "s3cret" not in str(caught.value)


def test_what_is_no_json_is_shown_where_it_begins():
    with pytest.raises(SourceError, match=r"is not what a Prometheus answers: .*; it begins '<html>'") as caught:
        peer.decode(b"<html>", int, "/api/v1/rules", "a Prometheus")
    assert caught.value.kind == "protocol"

"""What it means when a peer behind HTTP does not answer as it should, and what to do about it. Pure.

Only what is the same for every such peer stands here; where one has rules of its own (GitHub's limits, an engine's
reasons), its room has them. Header names are looked up in lower case: give a mapping that does not mind.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping, Sequence
from email.utils import parsedate_to_datetime
from typing import TypeVar

import msgspec
from msgspec import Struct

from console.errors import SourceError
from console.text import clean

T = TypeVar("T")

CAUSES = 20
"""Exceptions looked at under one: libraries wrap five deep."""
MOST_WAIT_S = 3600.0
"""A peer that asks for more is waited for no longer: it may be something in between that errs, and we would be blind."""


class Peer(Struct, frozen=True):
    """Whom the words are about."""

    url: str
    name: str
    """As people call it: Prometheus."""
    relief: str
    """What to do where it asks us to slow down."""

    def refusal(self, status: int, headers: Mapping[str, str], body: bytes) -> SourceError:
        """What an answer with `status`, which is none of its own, means: by a proxy, a sign-in page, another server."""
        if 300 <= status < 400:
            return SourceError(
                f"{self.url} sends us on to {clean(headers.get('location', 'nowhere'), 120)}.",
                "Name the final URL in the settings; a sign-in page needs a token or a user name.",
                kind="protocol",
            )
        if status in (401, 403):
            return SourceError(
                f"{self.url} refused us: HTTP {status}.",
                f"Give `token`, or `username` and `password`, in the settings of this {self.name}.",
                kind="refused",
            )
        if status == 429:
            asked = retry_after_s(headers)
            return SourceError(
                f"{self.url} asks us to slow down: HTTP 429.",
                self.relief,
                kind="limited",
                retry_after_s=None if asked is None else min(asked, MOST_WAIT_S),
            )
        return SourceError(
            f"{self.url} answered HTTP {status}: {clean(body[:400].decode('utf-8', 'replace'), 120)}",
            "Check the URL and its path prefix in the settings."
            if status < 500
            else "Look at the server, or at the proxy before it.",
            kind="missing" if status == 404 else "failed",
        )

    def no_tls(self, under: Sequence[BaseException]) -> SourceError | None:
        """The error where TLS failed; None where it is nothing of TLS. `under`: see `causes`."""
        for cause in under:
            if isinstance(cause, ssl.SSLError):
                said = getattr(cause, "verify_message", "") or getattr(cause, "reason", "") or str(cause)
                return SourceError(
                    f"TLS with {self.url} failed: {clean(said, 160)}",
                    "Check `tls.ca` in the settings, the name in its certificate, and that the port speaks TLS.",
                    kind="tls",
                )
        return None

    def unreachable(self, under: Sequence[BaseException]) -> SourceError:
        return SourceError(
            f"{self.url} cannot be reached: {words(under)}.",
            "Check the URL in the settings, the network, and that the server runs.",
            kind="unreachable",
        )

    def hung_up(self) -> SourceError:
        return SourceError(
            f"{self.url} hung up without a whole answer.", "Check that the server is well.", kind="unreachable"
        )

    def no_http(self, under: Sequence[BaseException]) -> SourceError:
        return SourceError(
            f"{self.url} does not speak HTTP as it should: {words(under)}.",
            "Check the port in the settings.",
            kind="protocol",
        )


def decode(body: bytes | msgspec.Raw, kind: type[T], what: str, name: str) -> T:
    """`body` as a `kind`. Raises SourceError (protocol) that says where it differs. `name`: a Prometheus."""
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        start = clean(bytes(body)[:80].decode("utf-8", "replace"), 60)
        raise SourceError(
            f"{what} is not what {name} answers: {clean(str(error), 200)}"
            + (f"; it begins {start!r}" if start else ""),
            f"Check that the URL in the settings is that of {name}, with its path prefix.",
            kind="protocol",
        ) from error


def token_header(token: str, name: str) -> str:
    """The Authorization header. Raises SourceError (refused) for a token that no header may hold, without showing it."""
    if not token.isascii() or not token.isprintable():
        # An HTTP library would say so with the token in its words.
        raise SourceError(f"The token for this {name} holds characters that no header may have.", kind="refused")
    return f"Bearer {token}"


def causes(error: BaseException) -> list[BaseException]:
    """The error and what lies under it, outermost first: libraries wrap in arguments as well as in causes."""
    found: list[BaseException] = []
    todo: list[object] = [error]
    while todo and len(found) < CAUSES:
        one = todo.pop(0)
        if not isinstance(one, BaseException) or any(one is known for known in found):
            continue
        found.append(one)
        todo += [*one.args, getattr(one, "reason", None), one.__cause__, one.__context__]
    return found


def words(under: Sequence[BaseException]) -> str:
    """What the deepest cause that says anything says, without a full stop."""
    said = (getattr(cause, "strerror", None) or str(cause) for cause in reversed(under))
    return clean(next((text for text in said if text), type(under[0]).__name__), 160).rstrip(".")


def date(headers: Mapping[str, str]) -> float | None:
    """The peer's own clock when it answered, to a second; None where it does not say."""
    return _http_date(headers.get("date", ""))


def ahead_s(headers: Mapping[str, str], now: float) -> float | None:
    """How far its clock is ahead of ours; None where it does not say."""
    at = date(headers)
    # A Date is cut to the second, so on average it is half a second old.
    return None if at is None else at + 0.5 - now


def retry_after_s(headers: Mapping[str, str], wall: float | None = None) -> float | None:
    """Retry-After in seconds: a number, or a date by the peer's own clock (else by `wall`); None where there is none.

    Source: RFC 9110, section 10.2.3.
    """
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit() and len(text) <= 12:
        return float(text)
    until, theirs = _http_date(text), date(headers)
    now = theirs if theirs is not None else wall
    return None if until is None or now is None else max(0.0, until - now)


def _http_date(text: str) -> float | None:
    try:
        return parsedate_to_datetime(text).timestamp() if text else None
    except (TypeError, ValueError, OverflowError):
        return None

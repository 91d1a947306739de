"""What an answer that is no fact means, and what to do about it. Pure.

Source: docs.github.com/en/rest/using-the-rest-api, "Troubleshooting" and "Rate limits"; the headers X-GitHub-SSO,
X-OAuth-Scopes, X-Accepted-OAuth-Scopes and X-Accepted-GitHub-Permissions.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from console.errors import SourceError
from console.pipelines.wire import Message
from console.text import clean

_SECONDARY = re.compile(r"secondary rate limit|abuse detection|too many requests", re.IGNORECASE)
_BODY = 2000
"""Characters of an error's body that are looked at."""


class Refusal(SourceError):  # noqa: N818  # the field's word for it; SourceError is its kind
    """GitHub answered, and not with what was asked for. `status` is HTTP's."""

    def __init__(
        self, message: str, hint: str = "", *, kind: str, status: int, retry_after_s: float | None = None
    ) -> None:
        super().__init__(message, hint, kind=kind, retry_after_s=retry_after_s)
        self.status = status


def said(body: bytes) -> str:
    """GitHub's own word in an error's body, clean and short; empty where it says nothing readable."""
    try:
        message = msgspec.json.decode(body, type=Message).message or ""
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        message = ""
    return clean(message, 200)


def is_limit(status: int, headers: Mapping[str, str], body: bytes) -> bool:
    """Whether a 403 or 429 is a rate limit and not a refusal."""
    if status == 429:
        return True
    if status != 403:
        return False
    if "retry-after" in headers or headers.get("x-ratelimit-remaining") == "0":
        return True
    return _SECONDARY.search(body[:_BODY].decode("utf-8", "replace")) is not None


def refusal(status: int, headers: Mapping[str, str], body: bytes, what: str, *, fix: str) -> Refusal:
    """The error for an answer with `status` to a request for `what`. `fix` is how this token is mended."""
    word = said(body)
    because = f": {word}" if word else ""
    if status == 401:
        return Refusal(f"GitHub does not accept the token{because}.", fix, kind="refused", status=status)
    if is_limit(status, headers, body):
        return Refusal(
            f"GitHub asks for a pause before {what}{because}.",
            "Nothing to do: the console waits as long as GitHub says. Other tools with the same token share its limit.",
            kind="limited",
            status=status,
        )
    if status == 403:
        return Refusal(f"No access (403) to {what}{because}.", _access(headers, fix), kind="refused", status=status)
    if status == 404:
        return Refusal(
            f"Not found (404): {what}; gone, or hidden from this token.",
            f"Check the name in the settings, and what the token may see{_scopes(headers)}",
            kind="missing",
            status=status,
        )
    if status == 410:
        return Refusal(
            f"Gone for good (410): {what}{because}.", "Nothing brings it back.", kind="missing", status=status
        )
    if status == 451:
        return Refusal(
            f"Blocked for legal reasons (451): {what}{because}.",
            "Take it out of the settings.",
            kind="refused",
            status=status,
        )
    if status >= 500:
        return Refusal(
            f"GitHub failed ({status}) at {what}{because}.",
            "Nothing to do here: it is asked again, less often. See https://www.githubstatus.com.",
            kind="failed",
            status=status,
        )
    return Refusal(
        f"GitHub answered {status} to a request for {what}{because}.",
        "Check api_url in the settings: for an Enterprise Server it ends in /api/v3.",
        kind="protocol",
        status=status,
    )


def _access(headers: Mapping[str, str], fix: str) -> str:
    sso = clean(headers.get("x-github-sso", ""), 500)
    if sso:
        url = sso.partition("url=")[2].partition(";")[0]
        return (
            f"The organisation wants single sign-on for this token: {url or 'authorise it in GitHub, Settings, Tokens'}"
        )
    wanted = clean(headers.get("x-accepted-github-permissions", ""), 200)
    if wanted:
        return f"The token needs the permission {wanted}. {fix}"
    wanted = clean(headers.get("x-accepted-oauth-scopes", ""), 200)
    if wanted:
        return f"The token needs one of the scopes {wanted}{_scopes(headers)} {fix}"
    return f"The token has no access{_scopes(headers)} {fix}"


def _scopes(headers: Mapping[str, str]) -> str:
    if "x-oauth-scopes" not in headers:
        return "."
    return f"; it has {clean(headers['x-oauth-scopes'], 200) or 'no scopes at all'}."

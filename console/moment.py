"""Time stamps as peers write them. Pure.

Source: RFC 3339, section 5.6, in what ISO 8601 allows beyond it; Go writes up to nine digits of a second.
"""

from __future__ import annotations

from datetime import UTC, datetime


def moment(text: str | None) -> float | None:
    """Seconds since 1970, UTC where no zone is named; None for what is no time, and for the year 1 that Go writes for none.

    Digits beyond microseconds are dropped. Nothing before 1970 is a time that a peer could have seen.
    """
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
        value = (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None
    return value if value > 0 else None

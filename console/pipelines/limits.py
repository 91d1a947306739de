"""How much GitHub may be asked. Pure: a state machine that does no I/O and is told the time.

Source: docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api. Primary: 5,000 requests an hour and
user, told in x-ratelimit-*; an unchanged answer (304) costs nothing of it. Secondary: 900 points a minute (a read is
one, a write five) and 100 requests at once. Whether a 304 costs points is not documented, so here it does.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from weakref import WeakValueDictionary

from console.peer import date, retry_after_s
from console.pipelines.refusals import is_limit

POINTS_A_MINUTE = 900.0
CONCURRENT = 10
"""Requests under way at once: a tenth of GitHub's 100, since other tools share them."""
BURST = 10.0
"""Requests that may leave together; after that they leave evenly. GitHub met bursts with a pause at 1,800 an hour."""
RESERVE = 500
"""Requests an hour that polling leaves for what people ask for themselves; a tenth where the limit is below 5,000."""
WINDOW_S = 3600.0
FIRST_PAUSE_S = 60.0
"""GitHub asks for at least a minute where it names no time, doubled each time."""
MOST_PAUSE_S = 3600.0
"""Nothing GitHub documents lasts longer than its window; a longer Retry-After is an error of somebody in between."""
SAME_WINDOW_S = 5.0
"""GitHub's servers name resets that differ by a second or two for one window."""
SPEND_S = 600.0
"""Over how long the speed of spending is smoothed: ten minutes, so that one busy minute does not slow everything."""
MOST_STRETCH = 8.0


class Governor:
    """The limits of one token at one GitHub. `now` is monotonic, `wall` is seconds since 1970 by our own clock."""

    def __init__(self, share: float = 0.8) -> None:
        self.share = share
        self.limit = 0
        self.used = 0
        self.reset_at: float | None = None
        """When the window ends, by our own clock."""
        self.reason = ""
        self.flying = 0
        self._reset = 0.0
        self._paused_until = 0.0
        self._strikes = 0
        self._tokens = self._burst
        self._filled = 0.0
        self._spend = 0.0
        self._spent_at = 0.0

    # -- may I? ------------------------------------------------------------------------------------------------

    def wait_s(self, now: float, *, points: int = 1, urgent: bool = False) -> float:
        """Seconds until a request may leave; 0 for at once. `urgent`: a person waits for it, so the reserve is open."""
        if now < self._paused_until:
            return self._paused_until - now
        if self.limit and now < self._reset and self.used + self.flying >= self.ceiling(urgent=urgent):
            # What is under way may turn out to cost nothing.
            return self._reset - now if self.used >= self.ceiling(urgent=urgent) else min(1.0, self._reset - now)
        return max(0.0, (points - self._level(now)) / self._rate)

    def ceiling(self, *, urgent: bool = False) -> int:
        """Requests of this window that may be used up, by anybody."""
        return max(0, int(self.limit * self.share) - (0 if urgent else min(RESERVE, self.limit // 10)))

    def stretch(self, now: float) -> float:
        """By how much intervals grow, 1 to 8: so much that the spending lasts until the window ends.

        Below 15 % of what polling may use it is at least 4, however slow the spending.
        """
        if not self.limit or now >= self._reset:
            return 1.0
        left = self.ceiling() - self.used
        if left <= 0:
            return MOST_STRETCH
        needed = 1.2 * self.spend(now) * (self._reset - now) / left
        floor = 4.0 if left < 0.15 * self.ceiling() else 1.0
        return min(MOST_STRETCH, max(floor, needed))

    def spend(self, now: float) -> float:
        """Charged requests a second that unstretched polling costs, smoothed over ten minutes."""
        return self._spend * math.exp(-max(0.0, now - self._spent_at) / SPEND_S)

    def paused_s(self, now: float) -> float:
        """Seconds that polling stands still from now, for whatever reason; 0 while it goes on. `reason` says why."""
        if now < self._paused_until:
            return self._paused_until - now
        if self.limit and now < self._reset and self.used >= self.ceiling():
            self.reason = f"{round(100 * self.used / self.limit)} % of GitHub's hourly limit is used"
            return self._reset - now
        self.reason = ""
        return 0.0

    # -- what happened -----------------------------------------------------------------------------------------

    def started(self, now: float, points: int = 1) -> None:
        self._tokens = self._level(now) - points
        self._filled = now
        self.flying += 1

    def lost(self) -> None:
        """A request that left got no answer: it may have been charged."""
        self.flying -= 1
        self.used += 1

    def answered(
        self, now: float, wall: float, status: int, headers: Mapping[str, str], body: bytes, *, recurring: bool
    ) -> None:
        """A request got its answer. `recurring`: it was a poll that will come again, so its cost counts as speed."""
        self.flying -= 1
        charged = status != 304
        if charged and recurring:
            # Smoothed at stretch 1: what polling would cost if it were not slowed down already.
            self._spend = self.spend(now) + self.stretch(now) / SPEND_S
            self._spent_at = now
        if not self._read(now, wall, headers) and charged:
            self.used += 1
        if is_limit(status, headers, body):
            self._pause(now, wall, headers)
        elif status < 400:
            self._strikes = 0

    def _read(self, now: float, wall: float, headers: Mapping[str, str]) -> bool:
        """Take x-ratelimit-* in; say whether they were there. Answers overtake each other, so the most used counts."""
        limit, used, reset = (_number(headers.get(f"x-ratelimit-{word}")) for word in ("limit", "used", "reset"))
        if headers.get("x-ratelimit-resource", "core") != "core" or limit is None or reset is None or limit <= 0:
            return False
        if used is None:
            remaining = _number(headers.get("x-ratelimit-remaining"))
            if remaining is None:
                return False
            used = max(0, limit - remaining)
        # Resets are told by GitHub's clock, which is not ours: its Date header says by how much they differ.
        theirs = date(headers)
        skew = theirs - wall if theirs is not None else 0.0
        left = min(max(reset - skew - wall, 0.0), WINDOW_S)
        ends = now + left
        if now >= self._reset or ends > self._reset + SAME_WINDOW_S:
            self._reset, self.reset_at, self.used = ends, float(round(wall + left)), used
        elif ends >= self._reset - SAME_WINDOW_S:
            self.used = max(self.used, used)
        self.limit = limit
        return True

    def _pause(self, now: float, wall: float, headers: Mapping[str, str]) -> None:
        self._strikes += 1
        asked = retry_after_s(headers, wall)
        if asked is not None:
            wait, why = asked, "GitHub asked for a pause"
        elif headers.get("x-ratelimit-remaining") == "0" and now < self._reset:
            # A second more: GitHub's clock has whole seconds.
            wait, why = self._reset - now + 1.0, "GitHub's hourly limit is used up"
        else:
            wait, why = FIRST_PAUSE_S * 2.0 ** min(self._strikes - 1, 10), "GitHub's secondary limit was met"
        until = now + min(wait, MOST_PAUSE_S)
        if until > self._paused_until:
            self._paused_until, self.reason = until, why
            # Start again evenly and not with a burst.
            self._tokens, self._filled = 1.0, until

    # -- the bucket --------------------------------------------------------------------------------------------

    @property
    def _rate(self) -> float:
        """Points a second: so many that a burst and a minute after it stay within the share of a minute's points."""
        return (POINTS_A_MINUTE * self.share - self._burst) / 60.0

    @property
    def _burst(self) -> float:
        # At least the five points of a write, or none could ever leave.
        return max(5.0, min(BURST, POINTS_A_MINUTE * self.share / 4.0))

    def _level(self, now: float) -> float:
        return min(self._burst, self._tokens + max(0.0, now - self._filled) * self._rate)


def _number(text: str | None) -> int | None:
    """A whole number of at most 12 digits; None for anything else."""
    text = (text or "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 12 else None


_SHARED: WeakValueDictionary[tuple[str, str], Governor] = WeakValueDictionary()


def governor_of(host: str, token_fingerprint: str, share: float) -> Governor:
    """The one governor of a token: two settings with the same token share GitHub's limits, so they share this."""
    governor = _SHARED.setdefault((host, token_fingerprint), Governor(share))
    governor.share = min(governor.share, share)
    return governor

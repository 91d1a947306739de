"""Which silence matches which alert. Pure.

Source: Alertmanager's matchers: a label that is absent counts as empty, regular expressions are anchored (RE2).
"""

from __future__ import annotations

from console.alerts.model import Alert, Matcher, Silence
from console.regex import TEXT_LIMIT, RegexError, compiled


def matches(silence: Silence, alert: Alert) -> bool:
    """Whether every matcher of `silence` holds for the labels of `alert`; or Alertmanager itself says so."""
    if silence.id.rpartition("/")[2] in alert.silenced_by or silence.id in alert.silenced_by:
        return True
    return bool(silence.matchers) and all(
        _holds(matcher, alert.labels.get(matcher.name, "")) for matcher in silence.matchers
    )


def _holds(matcher: Matcher, value: str) -> bool:
    if not matcher.regex:
        return (value == matcher.value) is matcher.equal
    try:
        pattern = compiled(f"^(?:{matcher.value})$", ignore_case=False)
    except RegexError:
        # RE2 knows forms that cannot be judged here; for these Alertmanager's own word, above, is all there is.
        return False
    found = pattern.fullmatch(value[:TEXT_LIMIT]) is not None
    return found is matcher.equal

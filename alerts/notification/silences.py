"""Which silences are active, and whether they mute an alert. Matchers are in `squall.core.matchers`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from squall.core.matchers import Matcher, all_match
from squall.core.records import Alert
from squall.storage.queries.alerting.silences import matchers_of
from squall.storage.rows.alerting import Silence


def active_silences(silences: Iterable[Silence], wall: datetime) -> list[Sequence[Matcher]]:
    """Return the matchers of each silence active at the wall time `wall`; one without any matcher mutes nothing."""
    return [matchers_of(silence) for silence in silences if silence.starts_at <= wall < silence.ends_at]


def is_silenced(alert: Alert, silences: Iterable[Sequence[Matcher]]) -> bool:
    """Return whether all matchers of any silence match."""
    return any(all_match(matchers, alert) for matchers in silences)

"""What a silence would match: tried on the newest alerts, so that one that matches nothing is noticed while it is written."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from squall.core.matchers import Matcher, all_match, label_of
from squall.core.records import TOPICS, Alert, AlertState, SeriesKind, Severity
from squall.core.series import BURN, BURST, FLASH, MARKET, NO_DATA

NEWEST: Final = 1_000
"""Alerts that a silence is tried on."""
_KNOWN: Final = {"topic": (MARKET, *TOPICS), "kind": tuple(SeriesKind), "severity": tuple(Severity), "test": (BURST, BURN, FLASH, NO_DATA)}
"""Values that labels may have without any alert yet."""
_NEAREST: Final = 5
_VALUES: Final = 10


class LatestAlerts(Protocol):
    """The part of `store.alerts` that gives the newest alerts."""

    def latest(self, states: None = None, limit: int = 100) -> list[Alert]:
        """Return alerts in their newest state, last opened first."""


@dataclass(frozen=True, slots=True)
class MatchedAlert:
    """An alert that a silence would match."""

    id: str
    topic: str
    kind: str
    severity: str
    state: str
    opened_at: datetime


@dataclass(frozen=True, slots=True)
class MatcherPreview:
    """One matcher of a silence by itself.

    Args:
        matcher: as text.
        matched: how many of the alerts it matches.
        values: values of its label that it matches, of alerts and of those that are known without one; ten at most.
        nearest: when there are none, the values that are spelled most like its pattern.
    """

    matcher: str
    matched: int
    values: tuple[str, ...]
    nearest: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SilencePreview:
    """What a silence would match.

    Args:
        matchers: each by itself.
        tried: how many of the newest alerts were tried.
        open: alerts pending or firing that all matchers match, last opened first.
        past: resolved alerts that all matchers match.
    """

    matchers: tuple[MatcherPreview, ...]
    tried: int
    open: tuple[MatchedAlert, ...]
    past: tuple[MatchedAlert, ...]

    @property
    def matches_nothing(self) -> bool:
        """Whether it matches none of the alerts."""
        return not self.open and not self.past


def preview_silence(alerts: LatestAlerts, matchers: Sequence[Matcher]) -> SilencePreview:
    """Try the matchers on the newest alerts."""
    newest = alerts.latest(limit=NEWEST)
    found = [alert for alert in newest if all_match(matchers, alert)]
    return SilencePreview(
        matchers=tuple(_alone(matcher, newest) for matcher in matchers),
        tried=len(newest),
        open=tuple(_matched(alert) for alert in found if alert.state is not AlertState.RESOLVED),
        past=tuple(_matched(alert) for alert in found if alert.state is AlertState.RESOLVED),
    )


def _matched(alert: Alert) -> MatchedAlert:
    return MatchedAlert(alert.id, alert.topic, alert.kind.value, alert.severity.value, alert.state.value, alert.opened_at)


def _alone(matcher: Matcher, alerts: Sequence[Alert]) -> MatcherPreview:
    seen = Counter(label_of(alert, matcher.label) for alert in alerts)
    values = list(dict.fromkeys([*seen, *map(str, _KNOWN[matcher.label])]))
    matching = [value for value in values if matcher.matches_value(value)]
    nearest = () if matching else _closest(matcher.pattern, values)
    return MatcherPreview(str(matcher), sum(seen[value] for value in matching), tuple(matching[:_VALUES]), nearest)


def _closest(pattern: str, values: Sequence[str]) -> tuple[str, ...]:
    """Return the values that are spelled most like the pattern; the most recent ones where none is."""
    plain = pattern.strip("*?.^$").casefold()
    folded = {value.casefold(): value for value in reversed(values)}
    near = difflib.get_close_matches(plain, folded, n=_NEAREST, cutoff=0.5)
    inside = (
        [key for key in folded if key not in near and any(word.startswith(plain[:4]) for word in key.split())] if len(plain) > 3 else []
    )
    return tuple(folded[key] for key in [*near, *inside][:_NEAREST]) or tuple(values[:_NEAREST])

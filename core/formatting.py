"""How numbers, times and alerts are worded: in e-mails, on the command line, on the live page."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from squall.core.records import Alert, AlertState
from squall.core.series import BURN, BURST, NO_DATA

TESTS: Final = {BURST: "burst (fast window)", BURN: "slow burn (long window)", NO_DATA: "no data"}
_MEANING: Final = {
    BURST: "which detects sudden rises within an hour or less",
    BURN: "which detects rises that build up over hours",
    NO_DATA: "which detects that a source delivers fewer documents than usual",
}


def number(value: float) -> str:
    """Return an expected count or a p-value in short form."""
    if value >= 10:
        return f"{value:,.0f}"
    if value >= 0.01 or not value:
        return f"{value:.2g}"
    return f"{value:.1e}"


def chance(p_value: float) -> str:
    """Return a p-value in words."""
    if p_value > 0.2:
        return "not unusual"
    if p_value < 1e-12:
        return "practically impossible by chance"
    return f"about one window in {round(1 / p_value, -max(len(str(int(1 / p_value))) - 2, 0)):,.0f} would show this by chance"


def times(alert: Alert) -> str:
    """Return the ratio of observed to expected, as `8.3×`; empty where it is not meaningful."""
    if not alert.expected or alert.test == NO_DATA or alert.observed / alert.expected >= 1000:
        return ""
    ratio = alert.observed / alert.expected
    return f"{ratio:.0f}×" if ratio >= 10 else f"{ratio:.1f}×"


def size(alert: Alert) -> str:
    """Return direction and size in a few words, for a subject."""
    minutes = window_minutes(alert)
    if alert.test == NO_DATA:
        return f"no documents for {minutes} min, {number(alert.expected)} expected"
    usual = f"{times(alert)} the usual" if times(alert) else f"{number(alert.expected)} expected"
    return f"{alert.observed} negative in {minutes} min, {usual}"


def interval(alert: Alert) -> str:
    """Return the range of 90% of such windows, as `2 to 9`; empty where it is unknown."""
    return f"{number(alert.expected_low)} to {number(alert.expected_high)}" if alert.expected_high else ""


def is_over(alert: Alert) -> bool:
    """Return whether the alert is resolved."""
    return alert.state is AlertState.RESOLVED


def window_minutes(alert: Alert) -> int:
    """Return the length of the alert's window in minutes."""
    return round((alert.window_end - alert.window_start).total_seconds() / 60)


def moment(time: datetime) -> str:
    """Return a time in UTC to the minute."""
    return f"{time:%Y-%m-%d %H:%M} UTC"


def window(alert: Alert) -> str:
    """Return the window of the alert in UTC; the date only once if it is the same."""
    start, end = alert.window_start, alert.window_end
    return f"{start:%Y-%m-%d %H:%M} to {end:%H:%M} UTC" if start.date() == end.date() else f"{moment(start)} to {moment(end)}"


def duration(start: datetime, end: datetime) -> str:
    """Return a duration in hours and minutes."""
    hours, minutes = divmod(round((end - start).total_seconds() / 60), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


def explanation(alert: Alert) -> list[str]:
    """Return the sentences that explain an alert: what was counted, how unusual it is, which test detected it, and since when."""
    likelihood = chance(alert.p_value)
    test = TESTS.get(alert.test, alert.test)
    meaning = f", {_MEANING[alert.test]}" if alert.test in _MEANING else ""
    return [
        *_counted(alert),
        f"{likelihood[0].upper()}{likelihood[1:]} (p = {number(alert.p_value)}).",
        f"The test that detected it: {test}{meaning}.",
        _timeline(alert),
    ]


def _counted(alert: Alert) -> list[str]:
    usual = f"; 90% of such windows have {interval(alert)}" if interval(alert) else ""
    minutes = window_minutes(alert)
    if alert.test == NO_DATA:
        arrived = f"{alert.observed} {_documents(alert.observed)}" if alert.observed else "No documents"
        return [f"{arrived} arrived in the {minutes} minutes {window(alert)}, {number(alert.expected)} expected{usual}."]
    ratio = f", {times(alert)} the usual number" if times(alert) else ""
    counted = f"{alert.observed:,} negative {_documents(alert.observed)} were published in the {minutes} minutes {window(alert)}{ratio}."
    return [
        counted,
        f"About {number(alert.expected)} {'was' if number(alert.expected) == '1' else 'were'} expected{usual}.",
        f"{alert.negative_share:.0%} of all documents were negative, usually {alert.expected_share:.0%}.",
    ]


def _documents(count: int) -> str:
    return "document" if count == 1 else "documents"


def _timeline(alert: Alert) -> str:
    began = f"The first breach was at {moment(alert.opened_at)}"
    if is_over(alert) and alert.resolved_at:
        return f"{began}; it was back to normal by {moment(alert.resolved_at)}, after {duration(alert.opened_at, alert.resolved_at)}."
    if alert.fired_at is None:
        return f"{began}; it has not lasted long enough to fire."
    return f"{began}; it has been firing since {moment(alert.fired_at)}."

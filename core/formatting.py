"""How numbers, times and alerts are worded: in e-mails, on the command line, on the live page."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from squall.core.gravity.words import gravity_words
from squall.core.records import Alert, AlertState, SeriesKind, Trend
from squall.core.series import BURN, BURST, FLASH, NO_DATA

_SAME_TIME: Final = timedelta(minutes=10)
TESTS: Final = {
    BURST: "burst (fast window)",
    BURN: "slow burn (long window)",
    FLASH: "flash (one grave document)",
    NO_DATA: "no data",
}
_MEANING: Final = {
    BURST: "which detects sudden rises within an hour or less",
    BURN: "which detects rises that build up over hours",
    FLASH: "which finds that what one document says is grave, new, and about somebody who matters",
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
    if not alert.expected or alert.test in {NO_DATA, FLASH} or alert.observed / alert.expected >= 1000:
        return ""
    ratio = alert.observed / alert.expected
    return f"{ratio:.0f}×" if ratio >= 10 else f"{ratio:.1f}×"


def tone(alert: Alert) -> str:
    """Return what the documents are called that an alert counts: of a name `adverse`, by severity and tone; else `negative`."""
    return "adverse" if alert.kind is SeriesKind.ENTITY else "negative"


def counted_words(alert: Alert) -> str:
    """Return what was counted in the window that was judged, as `51 negative documents in 30 minutes`."""
    return f"{alert.observed:,} {tone(alert)} {_documents(alert.observed)} in {window_minutes(alert)} minutes"


def size(alert: Alert) -> str:
    """Return direction and size in a few words, for a subject."""
    if alert.kind is SeriesKind.ENTITY:
        gravest = f"severity {alert.gravest:.1f}, " if alert.gravest is not None else ""
        return f"{gravest}{_told(alert)}"
    minutes = window_minutes(alert)
    if alert.test == NO_DATA:
        return f"no documents for {minutes} min, {number(alert.expected)} expected"
    usual = f"{times(alert)} the usual" if times(alert) else f"{number(alert.expected)} expected"
    return f"{alert.observed} negative in {minutes} min, {usual}"


def who(alert: Alert) -> str:
    """Return whom the alert is about: the name that leads its documents, with the series, or the series alone."""
    return f"{alert.lead} ({alert.topic})" if alert.lead and alert.lead != alert.topic else alert.topic


def driver(alert: Alert) -> str:
    """Return who drives the alert, as `Harbor Union: 41 of 51 negative documents, 3 stories`; empty where that was not read."""
    if not alert.named_documents:
        return ""
    if alert.kind is SeriesKind.ENTITY:
        return f"{alert.topic}: {_told(alert)}"
    named = f"{alert.lead_documents:,} of {alert.named_documents:,}" if alert.lead else f"{alert.named_documents:,}"
    return f"{alert.lead or alert.topic}: {named} negative {_documents(alert.named_documents)}, {_stories(alert)}"


def _told(alert: Alert) -> str:
    return f"{alert.documents_so_far:,} {_documents(alert.documents_so_far)}, {_stories(alert)}"


def _stories(alert: Alert) -> str:
    return f"{alert.stories:,} {'story' if alert.stories == 1 else 'stories'}"


def happened(alert: Alert, most: int = 3) -> str:
    """Return how grave it is and what happened, as `grave: market crash or bank run, rating cut`; empty where nothing is known."""
    return gravity_words(alert.gravest, alert.events[:most])


def current_words(alert: Alert) -> str:
    """Return the numbers of the current window, as `12 negative of 20 in 60 min, 5 expected, falling`; empty where it was not counted."""
    if not alert.current_minutes:
        return ""
    trend = f", {alert.trend.value}" if alert.trend is not Trend.UNKNOWN else ""
    counted = f"{alert.current:,} {tone(alert)} of {alert.current_total:,} in {alert.current_minutes} min"
    expected = "" if alert.kind is SeriesKind.ENTITY else f", {number(alert.current_expected)} expected"
    return f"{counted}{expected}{trend}"


def peak_words(alert: Alert) -> str:
    """Return the highest number so far, as `184 negative in 60 min, at 2026-03-02 15:20 UTC`; empty where it was not counted."""
    if not alert.current_minutes or alert.peaked_at is None:
        return ""
    return f"{alert.peak:,} {tone(alert)} in {alert.current_minutes} min, at {moment(alert.peaked_at)}"


def documents_words(alert: Alert) -> str:
    """Return all documents of the alert, as `612 negative documents since 2026-03-02 13:05 UTC`; empty where they were not counted."""
    if not alert.current_minutes or alert.since is None:
        return ""
    return f"{alert.documents_so_far:,} {tone(alert)} {_documents(alert.documents_so_far)} since {moment(alert.since)}"


def limit_words(alert: Alert) -> str:
    """Return from which number on the window is a breach, as `14`; empty where that is not known."""
    return f"{alert.limit:,.0f}" if alert.limit else ""


def both_times(event: datetime, wall: datetime | None) -> str:
    """Return an event time, with the wall time beside it where they differ by more than ten minutes."""
    if wall is None or abs(wall - event) <= _SAME_TIME:
        return moment(event)
    return f"{moment(event)} (wall time {moment(wall)})"


def times_of(alert: Alert) -> list[tuple[str, str]]:
    """Return the labelled times of an alert: began, fired, peaked, resolved, and as of when its numbers are."""
    over = alert.resolved_at if is_over(alert) else None
    rows = [
        ("Began", moment(alert.opened_at)),
        ("Fired", both_times(alert.fired_at, alert.fired_wall) if alert.fired_at else ""),
        ("Peaked", moment(alert.peaked_at) if alert.peaked_at else ""),
        ("Resolved", f"{both_times(over, alert.updated_wall)}, after {duration(alert.opened_at, over)}" if over else ""),
        ("As of", "" if over else both_times(alert.updated_at, alert.updated_wall)),
    ]
    return [(name, value) for name, value in rows if value]


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
    unusual = f"{likelihood[0].upper()}{likelihood[1:]} (p = {number(alert.p_value)})."
    test = TESTS.get(alert.test, alert.test)
    meaning = f", {_MEANING[alert.test]}" if alert.test in _MEANING else ""
    return [
        *_current(alert),
        *_counted(alert),
        *([unusual] if alert.test != FLASH else []),
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
    counted = (
        f"{alert.observed:,} {tone(alert)} {_documents(alert.observed)} were published in the {minutes} minutes {window(alert)}{ratio}."
    )
    expected = f"About {number(alert.expected)} {'was' if number(alert.expected) == '1' else 'were'} expected{usual}"
    if alert.kind is SeriesKind.ENTITY:
        return [counted, f"{expected}, by what was said of {alert.topic} before."] if alert.test != FLASH else []
    return [
        counted,
        f"{expected}.",
        f"{alert.negative_share:.0%} of all documents were negative, usually {alert.expected_share:.0%}.",
        *([f"Beside the other documents of that window, {limit_words(alert)} or more negative ones are a breach."] if alert.limit else []),
    ]


def _current(alert: Alert) -> list[str]:
    if not alert.current_minutes:
        return []
    state = "When it was resolved" if is_over(alert) else "Now"
    return [f"{state}: {current_words(alert)}. Peak: {peak_words(alert)}. {documents_words(alert)}."]


def _documents(count: int) -> str:
    return "document" if count == 1 else "documents"


def _timeline(alert: Alert) -> str:
    began = f"The first {'evidence' if alert.kind is SeriesKind.ENTITY else 'breach'} was at {moment(alert.opened_at)}"
    if is_over(alert) and alert.resolved_at:
        return f"{began}; it was back to normal by {moment(alert.resolved_at)}, after {duration(alert.opened_at, alert.resolved_at)}."
    if alert.fired_at is None:
        return f"{began}; it has not lasted long enough to fire."
    return f"{began}; it has been firing since {moment(alert.fired_at)}."

"""`squall alerts show`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from squall.cli.options import AlertId, AsJson, settings_of
from squall.cli.output import echo, print_json
from squall.core.clock import SystemClock
from squall.core.display import visible
from squall.core.gravity.words import gravity_words
from squall.core.records import Alert, SeriesKind

if TYPE_CHECKING:
    from squall.operator.client import AlertDetails


def show(context: typer.Context, alert_id: AlertId, as_json: AsJson = False) -> None:
    """Show one alert.

    Who drives it, what is so now and why it was raised come first; its stories, the documents behind it, its acknowledgements and its
    notifications follow.
    """
    from squall.operator.client import find_alert
    from squall.operator.opening import open_client

    with open_client(settings_of(context), SystemClock()) as client:
        alert = find_alert(client, alert_id)
        details = client.alert_details(alert)
    if as_json:
        print_json({**alert.model_dump(mode="json"), **_as_dict(details)})
        return
    for name, value in _facts(alert):
        echo(f"{name:10} {visible(value)}")
    _print_details(details)


def _as_dict(details: AlertDetails) -> dict[str, Any]:
    return {
        "drivers": details.drivers.model_dump(mode="json"),
        "documents": [
            {
                **{name: getattr(document, name) for name in ("id", "title", "url", "source", "copies", "severity")},
                "events": [event.name for event in document.events],
            }
            for document in details.documents
        ],
        "acknowledgements": [{"author": row.author, "note": row.note, "at": row.at} for row in details.acknowledgements],
        "notifications": [row.model_dump() for row in details.notifications],
    }


def _facts(alert: Alert) -> list[tuple[str, str]]:
    from squall.core.formatting import current_words, documents_words, driver, happened, peak_words, times_of, window

    told = [("driver", driver(alert)), ("happened", happened(alert)), ("now", current_words(alert)), ("peak", peak_words(alert))]
    return [
        ("alert", alert.id),
        ("series", f"{alert.topic} ({alert.kind.value})"),
        ("state", f"{alert.state.value} ({alert.severity.value})"),
        *((name, value) for name, value in (*told, ("so far", documents_words(alert))) if value),
        *((name.lower(), value) for name, value in times_of(alert)),
        ("window", f"{window(alert)}, the one that was judged"),
        *_judged(alert),
        ("test", alert.test),
        ("method", alert.method),
    ]


def _judged(alert: Alert) -> list[tuple[str, str]]:
    """Return how unusual it is; what one document was enough for is not a matter of numbers."""
    from squall.core.formatting import chance, interval, limit_words, number, tone
    from squall.core.series import FLASH

    if alert.test == FLASH:
        return []
    usual = f", usually {interval(alert)}" if interval(alert) else ""
    limit = f", alert from {limit_words(alert)}" if alert.limit else ""
    share = ("share", f"{alert.negative_share:.0%} negative, usually {alert.expected_share:.0%}")
    return [
        ("counts", f"{alert.observed} {tone(alert)}, {number(alert.expected)} expected{usual}{limit}"),
        ("chance", f"{chance(alert.p_value)} (p = {number(alert.p_value)})"),
        *([share] if alert.kind is not SeriesKind.ENTITY else []),
    ]


def _print_details(details: AlertDetails) -> None:
    if details.drivers.events:
        echo("what happened: " + visible(", ".join(f"{event.label} ({event.documents})" for event in details.drivers.events)))
    if details.drivers.leads:
        echo("named: " + visible(", ".join(f"{lead.name} ({lead.documents})" for lead in details.drivers.leads)))
    echo("stories:" if details.drivers.stories else "no stories")
    for story in details.drivers.stories:
        copies = f", {story.copies} copies" if story.copies else ""
        echo(f"  {story.documents:4} x {visible(story.title)} ({visible(story.source)}{copies})")
    echo("gravest documents:" if details.documents else "no documents")
    for document in details.documents:
        title = visible(document.title or " ".join(document.text[:200].split()))
        gravity = visible(gravity_words(document.severity, [event.name for event in document.events]))
        facts = filter(None, (document.source, gravity, f"{document.p_negative:.0%} negative", f"{document.copies} copies"))
        echo(f"  - {title} ({', '.join(facts)})")
        if document.url:
            echo(f"    {visible(document.url)}")
    for row in details.acknowledgements:
        echo(f"acknowledged by {visible(row.author)}, {row.at:%Y-%m-%d %H:%M} UTC{row.note and ': '}{visible(row.note)}")
    for sent in details.notifications:
        error = f": {visible(sent.last_error)}" if sent.last_error else ""
        echo(f"notification to {sent.receiver}: {sent.event}, {sent.status} {sent.updated_at:%Y-%m-%d %H:%M} UTC{error}")

"""Microsoft Teams: a workflow "when a webhook request is received", with an Adaptive Card.

Sources: learn.microsoft.com, "Create incoming webhooks with Workflows for Microsoft Teams"; the card's schema 1.5 (adaptivecards.io).
Foreign text stands in `RichTextBlock`, whose runs know no Markdown: nothing in a headline becomes a link or an image.
"""

from __future__ import annotations

from typing import Any, Final

import orjson

from squall.alerts.notification.content import NotificationContent
from squall.alerts.notification.services.service import ApiCall, Documents, Service, at_its_url
from squall.alerts.notification.services.summary import AlertSummary, Status, Summary, summary_of

_MOST_BYTES: Final = 26_000
"""Teams takes messages of about 28 KB; the rest is room for what a workflow adds."""
_COLORS: Final[dict[Status, str]] = {"critical": "attention", "warning": "warning", "resolved": "good"}


def _compose(content: NotificationContent, documents: Documents, link: str) -> list[ApiCall]:
    summary = summary_of(content, documents, link)
    shown = len(summary.alerts)
    while len(orjson.dumps(body := _message(summary, shown))) > _MOST_BYTES and shown > 1:
        shown -= 1
    return [ApiCall("", body)]


def _message(summary: Summary, shown: int) -> dict[str, Any]:
    unseen = len(summary.alerts) - shown
    notes = [*summary.notes, *([f"And {unseen} more"] if unseen else [])]
    body = [
        _text(_run(summary.title, weight="bolder", size="large", color=_COLORS[summary.status])),
        _text(_run(summary.reason)),
        *(_alert(alert) for alert in summary.alerts[:shown]),
        *(_text(_run(note, isSubtle=True)) for note in notes),
    ]
    card: dict[str, Any] = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.5",
        "fallbackText": summary.title,
        "msteams": {"width": "Full"},
        "body": body,
    }
    if summary.link:
        card["actions"] = [{"type": "Action.OpenUrl", "title": "Open Squall", "url": summary.link}]
    return {
        "type": "message",
        "attachments": [{"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}],
    }


def _alert(alert: AlertSummary) -> dict[str, Any]:
    items = [_text(_run(alert.topic, weight="bolder"), _run(f" ({alert.status})")), *(_text(_run(line)) for line in alert.lines)]
    for headline in alert.headlines:
        action = {"selectAction": {"type": "Action.OpenUrl", "url": headline.link}} if headline.link else {}
        items.append(_text(_run("• "), _run(headline.title, **action), _run(f" {headline.about}", isSubtle=True)))
    if alert.links:
        runs = [(_run(name, selectAction={"type": "Action.OpenUrl", "url": url}), _run("  ")) for name, url in alert.links]
        items.append(_text(*(run for pair in runs for run in pair)))
    return {"type": "Container", "separator": True, "items": items}


def _text(*runs: dict[str, Any]) -> dict[str, Any]:
    return {"type": "RichTextBlock", "inlines": list(runs)}


def _run(text: str, **style: Any) -> dict[str, Any]:
    return {"type": "TextRun", "text": text, **style}


TEAMS: Final = Service("Microsoft Teams", _compose, at_its_url, seconds_apart=1.0)

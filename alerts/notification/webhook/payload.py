"""The JSON body of a webhook request about alerts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson

from squall.alerts.notification.content import MAX_DOCUMENTS, NotificationContent
from squall.alerts.notification.sanitize import safe_link
from squall.alerts.notification.wording import subject
from squall.core.formatting import driver, is_over
from squall.core.gravity.event_kinds import event_label
from squall.core.gravity.severities import severity_word
from squall.core.records import Alert
from squall.storage.rows.documents import StoredDocument
from squall.storage.rows.drivers import Drivers

VERSION: Final = 1
"""Raised when a field is removed or changes its meaning; new fields may be added at any time."""


def build_payload(
    notification_id: str, content: NotificationContent, documents: Mapping[str, Sequence[StoredDocument]], link: str
) -> bytes:
    """Return the body of a request, the same bytes for the same arguments.

    `status` is `firing` while any alert is. Of `alerts`, those with `news` true are new; the others were reported before.

    Args:
        notification_id: the same in a repeated request.
        content: for a receiver with a webhook.
        documents: by alert id, the documents behind it, gravest first.
        link: the dashboard's address.
    """
    return orjson.dumps(payload(notification_id, content, documents, link))


def payload(
    notification_id: str, content: NotificationContent, documents: Mapping[str, Sequence[StoredDocument]], link: str
) -> dict[str, Any]:
    """Return the fields of a request's body, arguments as of `build_payload`: what templates are given too."""
    return {
        "version": VERSION,
        "id": notification_id,
        "receiver": content.receiver,
        "group": content.group,
        "reason": content.reason.value,
        "status": "resolved" if all(is_over(alert) for alert in content.alerts) else "firing",
        "subject": subject(content),
        "at": content.at.event.isoformat(),
        "dashboard": safe_link(link),
        "alerts": [
            _row(alert, index < content.new_count, documents.get(alert.id, ()), content) for index, alert in enumerate(content.alerts)
        ],
        "inhibited": [_row(alert, False, (), content) for alert in content.inhibited],
        "silenced": content.silenced,
    }


def _row(alert: Alert, new: bool, documents: Sequence[StoredDocument], content: NotificationContent) -> dict[str, Any]:
    shown = [
        {
            "id": document.id,
            "title": document.title or document.text[:200],
            "url": safe_link(document.url),
            "source": document.source,
            "published_at": document.published_at.isoformat(),
            "p_negative": round(document.p_negative, 4),
            "severity": None if document.severity is None else round(document.severity, 4),
            "severity_word": None if document.severity is None else severity_word(document.severity),
            "events": [
                {"name": name, "label": event_label(name), "probability": round(probability, 4)} for name, probability in document.events
            ],
            "copies": document.copies,
        }
        for document in documents[:MAX_DOCUMENTS]
    ]
    links, drivers = content.links.get(alert.id), content.drivers.get(alert.id, Drivers())
    return {
        **alert.model_dump(mode="json"),
        "news": new,
        "documents": shown,
        "driver": driver(alert),
        "link": links.show if links else "",
        "acknowledge": links.acknowledge if links else "",
        "leads": [{"name": lead.name, "entity": lead.entity, "documents": lead.documents} for lead in drivers.leads],
        "happened": [{"name": row.name, "label": event_label(row.name), "documents": row.documents} for row in drivers.events],
        "told": [
            {"title": story.title, "url": safe_link(story.url), "documents": story.documents, "copies": story.copies}
            | {"severity": story.severity, "first_at": story.first_at.isoformat()}
            for story in drivers.stories
        ],
    }

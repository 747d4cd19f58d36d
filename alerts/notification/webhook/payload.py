"""What a webhook is sent about alerts: JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson

from squall.alerts.notification.email.message import MAX_DOCUMENTS, safe_link, subject
from squall.alerts.notification.groups import Notice
from squall.core.formatting import is_over
from squall.core.records import Alert
from squall.storage.rows.documents import StoredDocument

VERSION: Final = 1
"""Raised when a field is taken away or changes its meaning; new fields may come at any time."""


def build(notification_id: str, notice: Notice, documents: Mapping[str, Sequence[StoredDocument]], link: str) -> bytes:
    """Return the body of a request, the same bytes for the same arguments.

    `status` is `firing` while any alert is. Of `alerts` those with `news` true are what is new, the others were told of before.

    Args:
        notification_id: the same in a repeated request.
        notice: what to tell.
        documents: by alert id, what drove it, strongest first.
        link: the dashboard's address.
    """
    body = {
        "version": VERSION,
        "id": notification_id,
        "receiver": notice.receiver,
        "group": notice.group,
        "reason": notice.reason.value,
        "status": "resolved" if all(is_over(alert) for alert in notice.alerts) else "firing",
        "subject": subject(notice),
        "at": notice.at.event.isoformat(),
        "dashboard": safe_link(link),
        "alerts": [_row(alert, index < notice.fresh, documents.get(alert.id, ())) for index, alert in enumerate(notice.alerts)],
        "inhibited": [_row(alert, False, ()) for alert in notice.inhibited],
        "silenced": notice.silenced,
    }
    return orjson.dumps(body)


def _row(alert: Alert, news: bool, documents: Sequence[StoredDocument]) -> dict[str, Any]:
    shown = [
        {
            "id": document.id,
            "title": document.title or document.text[:200],
            "url": safe_link(document.url),
            "source": document.source,
            "published_at": document.published_at.isoformat(),
            "p_negative": round(document.p_negative, 4),
            "copies": document.copies,
        }
        for document in documents[:MAX_DOCUMENTS]
    ]
    return {**alert.model_dump(mode="json"), "news": news, "documents": shown}

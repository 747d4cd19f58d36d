"""The summary of a message that every service shows: what, who, how bad, since when, and a link."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from squall.alerts.notification.content import NotificationContent
from squall.alerts.notification.sanitize import one_line, safe_link
from squall.alerts.notification.services.service import Documents
from squall.alerts.notification.wording import REASONS, is_critical, subject
from squall.core.formatting import duration, is_over, moment, size
from squall.core.gravity.words import gravity_words
from squall.core.records import Alert
from squall.storage.rows.documents import StoredDocument

MOST_ALERTS: Final = 10
"""The rest is only counted."""
_HEADLINES_OF_ONE: Final = 5
_HEADLINES_OF_SEVERAL: Final = 2
_LONGEST_LINK: Final = 500
"""A longer address of a document is left out: it would use up the room that services give a message."""
_LONGEST_SOURCE: Final = 60
_LONGEST_GRAVITY: Final = 100

Status = Literal["critical", "warning", "resolved"]


@dataclass(frozen=True, slots=True)
class Headline:
    """A document behind an alert; `link` is empty where there is none that is safe."""

    title: str
    link: str
    about: str
    """Source, and how grave it is and what happened, in brackets; empty where nothing is known."""


@dataclass(frozen=True, slots=True)
class AlertSummary:
    """One alert, in words."""

    topic: str
    status: str
    size: str
    since: str
    headlines: tuple[Headline, ...]


@dataclass(frozen=True, slots=True)
class Summary:
    """One message, in words; every text is one line of foreign and own words, to be escaped by the service.

    Attributes:
        title: the subject line: who, what, how bad.
        reason: why the message goes out.
        status: `resolved` once nothing of the group fires, else the worst severity of what fires.
        alerts: new ones first.
        notes: what else belongs to the message: alerts that are covered, muted, or not listed.
        link: where people look further; empty: nowhere.
    """

    title: str
    reason: str
    status: Status
    alerts: tuple[AlertSummary, ...]
    notes: tuple[str, ...]
    link: str


def summary_of(content: NotificationContent, documents: Documents, link: str) -> Summary:
    """Return the summary of `content`; `link` leads to the page or dashboard, empty for none."""
    shown = content.alerts[:MOST_ALERTS]
    most = _HEADLINES_OF_ONE if len(shown) == 1 else _HEADLINES_OF_SEVERAL
    return Summary(
        title=subject(content),
        reason=REASONS[content.reason],
        status=_status(content.alerts),
        alerts=tuple(_alert(alert, index < content.new_count, documents.get(alert.id, ())[:most]) for index, alert in enumerate(shown)),
        notes=tuple(_notes(content, len(content.alerts) - len(shown))),
        link=safe_link(link),
    )


def _status(alerts: Sequence[Alert]) -> Status:
    if all(is_over(alert) for alert in alerts):
        return "resolved"
    return "critical" if any(is_critical(alert) for alert in alerts) else "warning"


def _alert(alert: Alert, new: bool, documents: Sequence[StoredDocument]) -> AlertSummary:
    since = f"since {moment(alert.opened_at)}"
    if is_over(alert) and alert.resolved_at:
        since = f"{moment(alert.opened_at)} to {moment(alert.resolved_at)}, {duration(alert.opened_at, alert.resolved_at)}"
    status = "resolved" if is_over(alert) else alert.severity.value
    return AlertSummary(
        topic=one_line(alert.topic),
        status=status if new else f"{status}, already reported",
        size=f"peak {size(alert)}" if is_over(alert) else size(alert),
        since=since,
        headlines=tuple(_headline(document) for document in documents),
    )


def _headline(document: StoredDocument) -> Headline:
    gravity = one_line(gravity_words(document.severity, document.event_names), _LONGEST_GRAVITY)
    copies = f"{document.copies} more {'copy' if document.copies == 1 else 'copies'}" if document.copies else ""
    about = "; ".join(filter(None, (one_line(document.source, _LONGEST_SOURCE), gravity, copies)))
    link = safe_link(document.url)
    return Headline(
        title=one_line(document.title or document.text) or "(no title)",
        link=link if len(link) <= _LONGEST_LINK else "",
        about=f"({about})" if about else "",
    )


def _notes(content: NotificationContent, unlisted: int) -> list[str]:
    notes = []
    if unlisted:
        notes.append(f"And {unlisted} more: squall alerts list")
    if content.inhibited:
        notes.append(f"Covered by the market-wide alert: {one_line(', '.join(alert.topic for alert in content.inhibited))}")
    if content.silenced:
        notes.append(f"Silenced: {content.silenced}")
    return notes

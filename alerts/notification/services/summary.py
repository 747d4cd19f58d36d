"""The summary of a message that every service shows: what, who, how bad, since when, and a link."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from squall.alerts.notification.content import NotificationContent
from squall.alerts.notification.sanitize import one_line, safe_link
from squall.alerts.notification.services.service import Documents
from squall.alerts.notification.wording import REASONS, is_critical, subject
from squall.core.formatting import current_words, driver, duration, happened, is_over, moment, peak_words, size
from squall.core.gravity.words import gravity_words
from squall.core.records import Alert
from squall.storage.rows.documents import StoredDocument
from squall.storage.rows.drivers import Drivers, DrivingStory

MOST_ALERTS: Final = 10
"""The rest is only counted."""
_HEADLINES_OF_ONE: Final = 5
_HEADLINES_OF_SEVERAL: Final = 2
_LONGEST_LINK: Final = 500
"""A longer address of a document is left out: it would use up the room that services give a message."""
_LONGEST_ABOUT: Final = 100
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
    driver: str
    """Who drives it, as `Harbor Union: 41 of 51 negative documents, 3 stories`; empty where that was not read."""
    happened: str
    """How grave it is and what happened; empty where nothing is known."""
    size: str
    since: str
    present: str
    """What is so now, and the peak; empty where it was not counted."""
    headlines: tuple[Headline, ...]
    link: str
    """To this alert on the live page; empty where its address is not known."""
    acknowledge: str
    """To acknowledge it there; empty once it is over."""

    @property
    def lines(self) -> tuple[str, ...]:
        """Everything between the topic and the headlines, a line each."""
        return tuple(filter(None, (self.driver, self.happened, f"{self.size}; {self.since}", self.present)))

    @property
    def links(self) -> tuple[tuple[str, str], ...]:
        """The links of this alert: what they are called, and where they lead."""
        return tuple((name, url) for name, url in (("Open this alert", self.link), ("Acknowledge", self.acknowledge)) if url)


@dataclass(frozen=True, slots=True)
class Summary:
    """One message, in words; every text is one line of foreign and own words, to be escaped by the service.

    Attributes:
        title: the subject line: who, what, how bad.
        reason: why the message goes out.
        status: `resolved` once nothing of the group fires, else the worst severity of what fires.
        alerts: new ones first.
        notes: what else belongs to the message: alerts that are covered, muted, or not listed.
        link: where people look further, as set, else to the first alert; empty: nowhere.
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
        alerts=tuple(
            _alert(alert, content, index < content.new_count, documents.get(alert.id, ()), most) for index, alert in enumerate(shown)
        ),
        notes=tuple(_notes(content, len(content.alerts) - len(shown))),
        link=safe_link(link) or next((safe_link(links.show) for alert in shown if (links := content.links.get(alert.id))), ""),
    )


def _status(alerts: Sequence[Alert]) -> Status:
    if all(is_over(alert) for alert in alerts):
        return "resolved"
    return "critical" if any(is_critical(alert) for alert in alerts) else "warning"


def _alert(alert: Alert, content: NotificationContent, new: bool, documents: Sequence[StoredDocument], most: int) -> AlertSummary:
    over = is_over(alert)
    since = f"since {moment(alert.opened_at)}"
    if over and alert.resolved_at:
        since = f"{moment(alert.opened_at)} to {moment(alert.resolved_at)}, {duration(alert.opened_at, alert.resolved_at)}"
    status = "resolved" if over else alert.severity.value
    stories, links = content.drivers.get(alert.id, Drivers()).stories[:most], content.links.get(alert.id)
    present = f"{'At the end' if over else 'Now'}: {current_words(alert)}; peak: {peak_words(alert)}" if current_words(alert) else ""
    return AlertSummary(
        topic=one_line(alert.topic),
        status=status if new else f"{status}, already reported",
        driver=one_line(driver(alert)),
        happened=one_line(happened(alert)),
        size=size(alert),
        since=since,
        present=present,
        headlines=tuple(map(_story, stories)) if stories else tuple(map(_headline, documents[:most])),
        link=safe_link(links.show) if links else "",
        acknowledge=safe_link(links.acknowledge) if links and not over else "",
    )


def _story(story: DrivingStory) -> Headline:
    gravity = one_line(gravity_words(story.severity, story.event_names), _LONGEST_GRAVITY)
    number = story.documents + story.copies
    counted = f"{number} documents" if number > 1 else ""
    return _titled(story.title, story.url, counted, story.source, gravity)


def _headline(document: StoredDocument) -> Headline:
    gravity = one_line(gravity_words(document.severity, document.event_names), _LONGEST_GRAVITY)
    copies = f"{document.copies} more {'copy' if document.copies == 1 else 'copies'}" if document.copies else ""
    return _titled(document.title or document.text, document.url, document.source, gravity, copies)


def _titled(title: str, url: str, *about: str) -> Headline:
    known = "; ".join(filter(None, (one_line(part, _LONGEST_ABOUT) for part in about)))
    link = safe_link(url)
    return Headline(one_line(title) or "(no title)", link if len(link) <= _LONGEST_LINK else "", f"({known})" if known else "")


def _notes(content: NotificationContent, unlisted: int) -> list[str]:
    notes = []
    if unlisted:
        notes.append(f"And {unlisted} more: squall alerts list")
    if content.inhibited:
        notes.append(f"Covered by what is reported: {one_line(', '.join(alert.topic for alert in content.inhibited))}")
    if content.silenced:
        notes.append(f"Silenced: {content.silenced}")
    return notes

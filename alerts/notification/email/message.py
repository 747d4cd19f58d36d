"""Builds the e-mails about alerts: a text and an HTML part that carry the same facts, and a chart. The texts are in `templates/`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from functools import cache
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from squall.alerts.notification.content import MAX_DOCUMENTS, NotificationContent, Reason
from squall.alerts.notification.sanitize import one_line, safe_link
from squall.alerts.notification.wording import REASONS, is_critical, subject, title
from squall.core.config.alerts import AlertSettings, ReceiverSettings
from squall.core.formatting import (
    TESTS,
    both_times,
    chance,
    counted_words,
    current_words,
    documents_words,
    driver,
    happened,
    interval,
    is_over,
    limit_words,
    moment,
    number,
    peak_words,
    size,
    times,
    times_of,
    window,
    window_minutes,
)
from squall.core.gravity.event_kinds import event_label
from squall.core.gravity.words import gravity_words
from squall.core.net.mail_addresses import MailAddress, mail_addresses
from squall.core.records import Alert, SeriesKind
from squall.core.series import FLASH, NO_DATA
from squall.storage.rows.documents import StoredDocument
from squall.storage.rows.drivers import Drivers, DrivingStory

_DOCUMENTS_OF_SEVERAL: Final = 4
"""Documents of each alert, in a mail about several."""
_NAMED: Final = 4
_EVENTS: Final = 4
_MAX_ALERTS: Final = 25
_MAX_SUBJECT: Final = 400
"""The rest is only counted: a longer mail is not read, and mail readers cut it."""
_POLICY: Final = SMTP.clone(max_line_length=300)
"""Shorter lines make the header folder break right after `Subject:`, which some readers show as a leading blank. RFC 5322 allows 998."""


@dataclass(frozen=True, slots=True)
class _StoryLine:
    """One story as shown."""

    title: str
    link: str
    facts: str


@dataclass(frozen=True, slots=True)
class _Line:
    """One document as shown."""

    title: str
    link: str
    source: str
    published: str
    negative: str
    gravity: str
    copies: int


def build_email(
    notification_id: str,
    content: NotificationContent,
    documents: Mapping[str, Sequence[StoredDocument]],
    chart: bytes,
    settings: AlertSettings,
    now: datetime,
    chart_words: str = "",
) -> bytes:
    """Return the finished e-mail, the same bytes for the same arguments.

    Args:
        notification_id: becomes the Message-ID.
        content: for a receiver of e-mail.
        documents: by alert id, the documents behind it, gravest first; at most `MAX_DOCUMENTS` are shown.
        chart: a PNG of the first alert; empty: none.
        settings: sender, recipients and the dashboard's address.
        now: the `Date` of the mail.
        chart_words: what the chart shows, for those who do not see it.
    """
    sender, to = mail_addresses(settings.sender)[0], _recipients(settings.by_name[content.receiver])
    host = one_line(sender.domain or "localhost")
    cid = f"chart.{notification_id}@{host}"
    context = _context(content, documents, settings) | {"chart_cid": cid if chart else "", "chart_words": one_line(chart_words, 400)}
    message = EmailMessage(policy=_POLICY.clone(utf8=any(address.needs_smtputf8 for address in (sender, *to))))
    message["From"] = one_line(sender.header)
    message["To"] = ", ".join(one_line(address.header) for address in to)
    message["Subject"] = _without_encoded_words(one_line(subject(content), _MAX_SUBJECT))
    message["Date"] = format_datetime(now)
    message["Message-ID"] = f"<{notification_id}@{host}>"
    thread = f"<{content.group or content.key}.group@{host}>"
    message["In-Reply-To"] = message["References"] = thread  # one conversation per group
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(_templates().get_template("alert.txt.j2").render(context))
    message.add_alternative(_templates().get_template("alert.html.j2").render(context), subtype="html")
    if chart:
        page = message.get_payload(1)
        assert isinstance(page, EmailMessage)
        page.add_related(chart, "image", "png", cid=f"<{cid}>", filename="chart.png", disposition="inline")
    _fix_boundaries(message, notification_id)
    return message.as_bytes()


def _recipients(receiver: ReceiverSettings) -> list[MailAddress]:
    return [address for each in receiver.to for address in mail_addresses(each)]


def _without_encoded_words(text: str) -> str:
    """Return `text` so that nothing in it is an encoded word (RFC 2047): `EmailMessage` would decode it, line breaks included."""
    return text.replace("=?", "= ?")


def _fix_boundaries(message: EmailMessage, notification_id: str) -> None:
    """Replace random part boundaries, so that the same mail has the same bytes."""
    for depth, part in enumerate(part for part in message.walk() if part.is_multipart()):
        part.set_boundary(f"=_squall_{depth}_{notification_id[:40]}")


def _context(content: NotificationContent, documents: Mapping[str, Sequence[StoredDocument]], settings: AlertSettings) -> dict[str, object]:
    """Return the variables of both templates."""
    shown = content.alerts[:_MAX_ALERTS]
    each = MAX_DOCUMENTS if len(shown) == 1 else _DOCUMENTS_OF_SEVERAL
    return {
        "title": title(content),
        "reason": REASONS[content.reason],
        "urgent": any(is_critical(alert) for alert in content.alerts),
        "over": content.reason is Reason.RESOLVED,
        "alerts": [
            _facts(alert, index < content.new_count, [_line(document) for document in documents.get(alert.id, ())[:each]])
            | _driven(content.drivers.get(alert.id, Drivers()), each)
            | {"links": content.links.get(alert.id)}
            for index, alert in enumerate(shown)
        ],
        "made": both_times(content.at.event, content.at.wall),
        "unseen": len(content.alerts) - len(shown),
        "inhibited": [f"{one_line(alert.topic)}: {size(alert)}" for alert in content.inhibited],
        "silenced": content.silenced,
        "dashboard": safe_link(settings.link_base),
    }


def _facts(alert: Alert, new: bool, documents: Sequence[_Line]) -> dict[str, object]:
    """Return what explains one alert."""
    status = "resolved" if is_over(alert) else alert.severity.value
    return {
        "topic": one_line(alert.topic),
        "status": status if new else f"{status}, already reported",
        "over": is_over(alert),
        "critical": is_critical(alert),
        "no_data": alert.test == NO_DATA,
        "flash": alert.test == FLASH,
        "has_share": alert.kind is not SeriesKind.ENTITY,
        "counted": counted_words(alert),
        "minutes": window_minutes(alert),
        "expected": number(alert.expected),
        "interval": interval(alert),
        "times": times(alert),
        "p_value": number(alert.p_value),
        "chance": chance(alert.p_value),
        "test": TESTS.get(alert.test, one_line(alert.test)),
        "share": f"{alert.negative_share:.0%}",
        "expected_share": f"{alert.expected_share:.0%}",
        "window": window(alert),
        "limit": limit_words(alert),
        "driver": one_line(driver(alert)),
        "happened": one_line(happened(alert)),
        "current": current_words(alert),
        "peak": peak_words(alert),
        "so_far": documents_words(alert),
        "times_of": times_of(alert),
        "documents": documents,
        "id": alert.id[:8],
        "method": one_line(alert.method),
    }


def _driven(drivers: Drivers, most: int) -> dict[str, object]:
    """Return stories, and who else is named."""
    shown = drivers.stories[:most]
    hidden = drivers.story_count - len(shown)
    return {
        "stories": [_story(story) for story in shown],
        "more_stories": hidden,
        "named": ", ".join(f"{one_line(lead.name, 60)} ({lead.documents})" for lead in drivers.leads[1:_NAMED]),
        "events": ", ".join(f"{one_line(event_label(event.name), 60)} ({event.documents})" for event in drivers.events[:_EVENTS]),
    }


def _story(story: DrivingStory) -> _StoryLine:
    counted = f"{story.documents} {'document' if story.documents == 1 else 'documents'}"
    copies = f", {story.copies} more {'copy' if story.copies == 1 else 'copies'}" if story.copies else ""
    gravity = one_line(gravity_words(story.severity, story.event_names[:2]), 160)
    first = f"{'first ' if story.documents > 1 else ''}{moment(story.first_at)}"
    facts = filter(None, (f"{counted}{copies}", gravity, first, one_line(story.source, 60)))
    return _StoryLine(one_line(story.title) or "(no title)", safe_link(story.url), "; ".join(facts))


def _line(document: StoredDocument) -> _Line:
    return _Line(
        title=one_line(document.title or document.text) or "(no title)",
        link=safe_link(document.url),
        source=one_line(document.source, 60),
        published=moment(document.published_at),
        negative=f"{document.p_negative:.0%}",
        gravity=one_line(gravity_words(document.severity, document.event_names), 160),
        copies=document.copies,
    )


@cache
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("squall.alerts.notification.email"),
        autoescape=select_autoescape(enabled_extensions=("html.j2",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )

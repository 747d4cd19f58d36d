"""Builds the e-mails about alerts: what happened, how unusual it is, since when, and the texts that say so."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from functools import cache
from typing import Final
from urllib.parse import urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from squall.alerts.notification.groups import Notice, Reason
from squall.core.config.alerts import AlertSettings
from squall.core.formatting import TESTS, chance, duration, interval, is_over, moment, number, size, times, window, window_minutes
from squall.core.records import Alert, AlertState, SeriesKind, Severity
from squall.core.series import NO_DATA
from squall.storage.rows.documents import StoredDocument

MAX_DOCUMENTS: Final = 10
_FEWER_DOCUMENTS: Final = 4
"""Of each alert, in a mail about several."""
_MAX_ALERTS: Final = 25
"""More are counted only: beyond this a mail is not read, and mail readers cut it."""
_TITLE_NAMES: Final = 3
_MAX_TITLE: Final = 200
_MAX_SUBJECT: Final = 200
_POLICY: Final = SMTP.clone(max_line_length=300)
"""Shorter lines make the header folder break right after `Subject:`, which some readers show as a leading blank. RFC 5322 allows 998."""
_SPACE: Final = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_UNUSUAL_SPACE: Final = re.compile(r"[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
"""Zero-width and direction marks: they can make a subject or a link read as something else."""
_REASONS: Final = {
    Reason.FIRING: "Firing now.",
    Reason.MORE_FIRING: "Firing now, beside what was told before.",
    Reason.ESCALATED: "A warning became critical.",
    Reason.RESOLVED: "Over.",
    Reason.REPEAT: "Still firing, and nobody has acknowledged it: squall alerts ack ID.",
    Reason.DIGEST: "Collected while quiet hours or the rate limit held messages back.",
}


@dataclass(frozen=True, slots=True)
class _Line:
    """One document as shown."""

    title: str
    link: str
    source: str
    published: str
    negative: str
    copies: int


def one_line(text: str, limit: int = _MAX_TITLE) -> str:
    """Return `text` on one line, without control and direction characters, at most `limit` characters: safe in a header."""
    flat = _SPACE.sub(" ", _UNUSUAL_SPACE.sub("", text)).strip()
    return flat if len(flat) <= limit else flat[: limit - 1].rstrip() + "…"


def safe_link(url: str) -> str:
    """Return `url` when it is a plain http(s) address, else an empty string."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    clean = parts.scheme in {"http", "https"} and bool(parts.hostname) and not re.search(r"[\s<>\"'`\\\x00-\x1f\x7f]", url)
    return url if clean else ""


def subject(notice: Notice) -> str:
    """Return the subject line: what is new, topic, direction, size."""
    alerts = notice.alerts[: notice.fresh] or notice.alerts
    first, over = alerts[0], notice.reason is Reason.RESOLVED
    urgent = "CRITICAL: " if not over and any(_is_critical(alert) for alert in alerts) else ""
    lead = {Reason.REPEAT: "still firing: ", Reason.ESCALATED: "now ", Reason.DIGEST: "digest: "}.get(notice.reason, "") + urgent
    if len(alerts) == 1:
        peak = f"resolved, peak {size(first)}" if first.state is AlertState.RESOLVED else size(first)
        return one_line(f"Squall: {lead}{first.topic}: {peak}", _MAX_SUBJECT)
    noun = "topics" if all(alert.kind is SeriesKind.TOPIC for alert in alerts) else "alerts"
    parts = [f"{alert.topic} {alert.observed} negative{f' ({times(alert)})' if times(alert) else ''}" for alert in alerts]
    return one_line(f"Squall: {lead}{len(alerts)} {noun}{' resolved' if over else ''}: {', '.join(parts)}", _MAX_SUBJECT)


def build(
    notification_id: str,
    notice: Notice,
    documents: Mapping[str, Sequence[StoredDocument]],
    chart: bytes,
    settings: AlertSettings,
    now: datetime,
) -> bytes:
    """Return the finished e-mail, the same bytes for the same arguments.

    Args:
        notification_id: becomes the Message-ID.
        notice: what to tell, to a receiver of e-mail.
        documents: by alert id, what drove it, strongest first; at most `MAX_DOCUMENTS` are shown.
        chart: a PNG of the first alert; empty: none.
        settings: sender, recipients and the dashboard's address.
        now: the `Date` of the mail.
    """
    host = one_line(parseaddr(settings.sender)[1].rpartition("@")[2] or "localhost")
    cid = f"chart.{notification_id}@{host}"
    context = _context(notice, documents, settings) | {"chart_cid": cid if chart else ""}
    message = EmailMessage(policy=_POLICY)
    message["From"] = one_line(settings.sender)
    message["To"] = ", ".join(one_line(address) for address in settings.by_name[notice.receiver].to)
    message["Subject"] = subject(notice)
    message["Date"] = format_datetime(now)
    message["Message-ID"] = f"<{notification_id}@{host}>"
    thread = f"<{notice.group or notice.key}.group@{host}>"
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


def _fix_boundaries(message: EmailMessage, notification_id: str) -> None:
    """Replace random part boundaries, so that the same mail has the same bytes."""
    for depth, part in enumerate(part for part in message.walk() if part.is_multipart()):
        part.set_boundary(f"=_squall_{depth}_{notification_id[:40]}")


def _context(notice: Notice, documents: Mapping[str, Sequence[StoredDocument]], settings: AlertSettings) -> dict[str, object]:
    """Return what both templates say; the text and the HTML part carry the same facts."""
    shown = notice.alerts[:_MAX_ALERTS]
    each = MAX_DOCUMENTS if len(shown) == 1 else _FEWER_DOCUMENTS
    return {
        "title": _title(notice),
        "reason": _REASONS[notice.reason],
        "urgent": any(_is_critical(alert) for alert in notice.alerts),
        "over": notice.reason is Reason.RESOLVED,
        "alerts": [
            _facts(alert, index < notice.fresh, [_line(document) for document in documents.get(alert.id, ())[:each]])
            for index, alert in enumerate(shown)
        ],
        "unseen": len(notice.alerts) - len(shown),
        "inhibited": [f"{one_line(alert.topic)}: {size(alert)}" for alert in notice.inhibited],
        "silenced": notice.silenced,
        "dashboard": safe_link(settings.link_base),
    }


def _title(notice: Notice) -> str:
    alerts = notice.alerts[: notice.fresh] or notice.alerts
    if len(alerts) > 1:
        names = ", ".join(one_line(alert.topic) for alert in alerts[:_TITLE_NAMES])
        more = f" and {len(alerts) - _TITLE_NAMES} more" if len(alerts) > _TITLE_NAMES else ""
        return f"{names}{more}: {'back to normal' if all(map(is_over, alerts)) else f'{len(alerts)} alerts'}"
    topic = one_line(alerts[0].topic)
    if is_over(alerts[0]):
        return f"{topic}: back to normal"
    return f"{topic}: no documents arrive" if alerts[0].test == NO_DATA else f"{topic}: more negative text than its history explains"


def _facts(alert: Alert, fresh: bool, documents: Sequence[_Line]) -> dict[str, object]:
    """Return what explains one alert."""
    status = "resolved" if is_over(alert) else alert.severity.value
    return {
        "topic": one_line(alert.topic),
        "status": status if fresh else f"{status}, told before",
        "over": is_over(alert),
        "critical": _is_critical(alert),
        "no_data": alert.test == NO_DATA,
        "observed": alert.observed,
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
        "opened": moment(alert.opened_at),
        "ended": moment(alert.resolved_at) if alert.resolved_at else "",
        "lasted": duration(alert.opened_at, alert.resolved_at) if alert.resolved_at else "",
        "documents": documents,
        "id": alert.id[:8],
        "method": one_line(alert.method),
    }


def _is_critical(alert: Alert) -> bool:
    return alert.severity is Severity.CRITICAL and not is_over(alert)


def _line(document: StoredDocument) -> _Line:
    return _Line(
        title=one_line(document.title or document.text) or "(no title)",
        link=safe_link(document.url),
        source=one_line(document.source, 60),
        published=moment(document.published_at),
        negative=f"{document.p_negative:.0%}",
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

"""Builds the e-mails about an alert: what happened, how unusual it is, since when, and the texts that say so."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from functools import cache
from typing import Final
from urllib.parse import urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from alerts.life import Change
from core.records import Alert, Severity
from core.settings import AlertSettings
from storage.rows import StoredDocument

MAX_DOCUMENTS: Final = 10
_MAX_TITLE: Final = 200
_MAX_SUBJECT: Final = 200
_POLICY: Final = SMTP.clone(max_line_length=300)
"""Shorter lines make the header folder break right after `Subject:`, which some readers show as a leading blank. RFC 5322 allows 998."""
_SPACE: Final = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_UNUSUAL_SPACE: Final = re.compile(r"[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
"""Zero-width and direction marks: they can make a subject or a link read as something else."""


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


def chance(p_value: float) -> str:
    """Say a p-value in words."""
    if p_value > 0.2:
        return "not unusual"
    if p_value < 1e-12:
        return "practically impossible by chance"
    return f"about one window in {round(1 / p_value, -max(len(str(int(1 / p_value))) - 2, 0)):,.0f} would show this by chance"


def number(value: float) -> str:
    """Write an expected count or a p-value shortly."""
    if value >= 10:
        return f"{value:,.0f}"
    if value >= 0.01:
        return f"{value:.2g}"
    return f"{value:.1e}"


def subject(alert: Alert, change: Change) -> str:
    """Return the subject line: topic, what, size."""
    minutes = round((alert.window_end - alert.window_start).total_seconds() / 60)
    size = f"{alert.observed} negative documents in {minutes} min, {number(alert.expected)} expected"
    if change is Change.RESOLVED:
        return one_line(f"Squall: {alert.topic}: resolved (peak {size})", _MAX_SUBJECT)
    urgent = " CRITICAL:" if alert.severity is Severity.CRITICAL else ""
    return one_line(f"Squall:{urgent} {alert.topic}: {size}", _MAX_SUBJECT)


def build(
    notification_id: str,
    alert: Alert,
    change: Change,
    documents: Sequence[StoredDocument],
    chart: bytes,
    settings: AlertSettings,
    now: datetime,
) -> bytes:
    """Return the finished e-mail, the same bytes for the same arguments.

    Args:
        notification_id: becomes the Message-ID.
        alert: as it is after `change`.
        change: `FIRED` or `RESOLVED`.
        documents: what drove it, strongest first; at most `MAX_DOCUMENTS` are shown.
        chart: a PNG; empty: none.
        settings: sender, recipients and the dashboard's address.
        now: the `Date` of the mail.
    """
    host = parseaddr(settings.sender)[1].rpartition("@")[2] or "localhost"
    cid = f"chart.{notification_id}@{one_line(host)}"
    context = _context(alert, change, documents, settings) | {"chart_cid": cid if chart else ""}
    message = EmailMessage(policy=_POLICY)
    message["From"] = one_line(settings.sender)
    message["To"] = ", ".join(one_line(address) for address in settings.to)
    message["Subject"] = subject(alert, change)
    message["Date"] = format_datetime(now)
    message["Message-ID"] = f"<{notification_id}@{one_line(host)}>"
    if change is Change.RESOLVED:
        message["In-Reply-To"] = message["References"] = f"<{notification_key(alert.id, Change.FIRED)}@{one_line(host)}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(_templates().get_template("alert.txt.j2").render(context))
    message.add_alternative(_templates().get_template("alert.html.j2").render(context), subtype="html")
    if chart:
        page = message.get_payload(1)
        assert isinstance(page, EmailMessage)
        page.add_related(chart, "image", "png", cid=f"<{cid}>", filename="chart.png", disposition="inline")
    _fix_boundaries(message, notification_id)
    return message.as_bytes()


def notification_key(alert_id: str, change: Change) -> str:
    """Return the deterministic id of the e-mail about a change of an alert."""
    return f"{alert_id}-{change.value}"


def _fix_boundaries(message: EmailMessage, notification_id: str) -> None:
    """Replace random part boundaries, so that the same mail has the same bytes."""
    for depth, part in enumerate(part for part in message.walk() if part.is_multipart()):
        part.set_boundary(f"=_squall_{depth}_{notification_id[:40]}")


def _context(alert: Alert, change: Change, documents: Sequence[StoredDocument], settings: AlertSettings) -> dict[str, object]:
    """Return what both templates say; the text and the HTML part carry the same facts."""
    minutes = round((alert.window_end - alert.window_start).total_seconds() / 60)
    ratio = alert.observed / alert.expected if alert.expected > 0 else None
    return {
        "topic": one_line(alert.topic),
        "resolved": change is Change.RESOLVED,
        "critical": alert.severity is Severity.CRITICAL,
        "minutes": minutes,
        "observed": alert.observed,
        "expected": number(alert.expected),
        "ratio": f"{ratio:.1f}" if ratio is not None and ratio < 1000 else "",
        "p_value": number(alert.p_value),
        "chance": chance(alert.p_value),
        "share": f"{alert.negative_share:.0%}",
        "expected_share": f"{alert.expected_share:.0%}",
        "window_start": _time(alert.window_start),
        "window_end": _time(alert.window_end),
        "opened": _time(alert.opened_at),
        "fired": _time(alert.fired_at) if alert.fired_at else "",
        "ended": _time(alert.resolved_at) if alert.resolved_at else "",
        "lasted": _duration(alert.opened_at, alert.resolved_at) if alert.resolved_at else "",
        "documents": [_line(document) for document in documents[:MAX_DOCUMENTS]],
        "dashboard": safe_link(settings.link_base),
        "alert_id": alert.id,
        "method": alert.method,
    }


def _line(document: StoredDocument) -> _Line:
    return _Line(
        title=one_line(document.title or document.text) or "(no title)",
        link=safe_link(document.url),
        source=one_line(document.source, 60),
        published=_time(document.published_at),
        negative=f"{document.p_negative:.0%}",
        copies=document.copies,
    )


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _duration(start: datetime, end: datetime) -> str:
    hours, minutes = divmod(round((end - start).total_seconds() / 60), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


@cache
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("alerts"),
        autoescape=select_autoescape(enabled_extensions=("html.j2",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )

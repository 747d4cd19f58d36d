"""Slack: an incoming webhook, blocks of Block Kit.

Sources: docs.slack.dev/messaging/sending-messages-using-incoming-webhooks, .../reference/block-kit/blocks, .../apis/web-api/rate-limits
("one message per second").
"""

from __future__ import annotations

from typing import Any, Final

from squall.alerts.notification.content import NotificationContent
from squall.alerts.notification.services.lines import Markup, alert_lines, cut, fitted
from squall.alerts.notification.services.service import ApiCall, Documents, Service, at_its_url
from squall.alerts.notification.services.summary import Summary, summary_of

_MOST_HEADER: Final = 150
_MOST_SECTION: Final = 3_000


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _link(text: str, url: str) -> str:
    return f"<{_escape(url).replace('|', '%7C')}|{text}>"


_MARKUP: Final = Markup(escape=_escape, strong=lambda text: f"*{text}*", link=_link)


def _compose(content: NotificationContent, documents: Documents, link: str) -> list[ApiCall]:
    summary = summary_of(content, documents, link)
    return [ApiCall("", {"text": _escape(summary.title), "blocks": _blocks(summary)})]


def _blocks(summary: Summary) -> list[dict[str, Any]]:
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": {"type": "plain_text", "text": cut(summary.title, _MOST_HEADER), "emoji": False}}
    ]
    sections = [_escape(summary.reason), *(fitted(alert_lines(alert, _MARKUP), _MOST_SECTION) for alert in summary.alerts)]
    blocks += [{"type": "section", "text": _mrkdwn(text)} for text in sections]
    foot = [*map(_escape, summary.notes), *([_link("Open Squall", summary.link)] if summary.link else [])]
    if foot:
        blocks.append({"type": "context", "elements": [_mrkdwn(text) for text in foot]})
    return blocks


def _mrkdwn(text: str) -> dict[str, Any]:
    """Return a text object. `verbatim`: Slack makes no links and mentions of foreign text, such as "@channel"."""
    return {"type": "mrkdwn", "text": text, "verbatim": True}


SLACK: Final = Service("Slack", _compose, at_its_url, seconds_apart=1.0)

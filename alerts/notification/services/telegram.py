"""Telegram: `sendMessage` of the Bot API, as HTML.

Sources: core.telegram.org/bots/api#sendmessage and #html-style; core.telegram.org/bots/faq (20 messages a minute to a group).
"""

from __future__ import annotations

from html import escape
from typing import Any, Final

from squall.alerts.notification.content import NotificationContent
from squall.alerts.notification.services.lines import Markup, body_lines, fitted, utf16_length
from squall.alerts.notification.services.service import Addressed, ApiCall, Documents, Service
from squall.alerts.notification.services.summary import summary_of
from squall.core.config.alerts import ReceiverSettings

_MOST_TEXT: Final = 4_096
"""Counted by Telegram after the markup is taken away, here before: never too long."""
_MARKUP: Final = Markup(
    escape=lambda text: escape(text, quote=False),
    strong=lambda text: f"<b>{text}</b>",
    link=lambda text, url: f'<a href="{escape(url)}">{text}</a>',
)


def _compose(content: NotificationContent, documents: Documents, link: str) -> list[ApiCall]:
    summary = summary_of(content, documents, link)
    head = _MARKUP.strong(_MARKUP.escape(summary.title))
    foot = f"\n\n{_MARKUP.link('Open Squall', summary.link)}" if summary.link else ""
    room = _MOST_TEXT - utf16_length(head) - 1 - utf16_length(foot)
    body: dict[str, Any] = {
        "text": f"{head}\n{fitted(body_lines(summary, _MARKUP), room, utf16_length)}{foot}",
        "parse_mode": "HTML",
        "link_preview_options": {"is_disabled": True},
        "disable_notification": summary.status == "resolved",
    }
    return [ApiCall("/sendMessage", body)]


def _address(call: ApiCall, receiver: ReceiverSettings) -> Addressed:
    chat = receiver.chat if receiver.chat.startswith("@") else int(receiver.chat)
    return Addressed(f"{receiver.address}/bot{receiver.secret.get_secret_value()}{call.path}", {"chat_id": chat, **call.body})


TELEGRAM: Final = Service("Telegram", _compose, _address, seconds_apart=3.0)

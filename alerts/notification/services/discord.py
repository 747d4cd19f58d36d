"""Discord: a webhook, with an embed.

Source: github.com/discord/discord-api-spec, specs/openapi.json (execute_webhook); docs.discord.com, "Webhook Resource" and "Embed limits".
"""

from __future__ import annotations

import re
from typing import Any, Final

import httpx

from squall.alerts.notification.content import NotificationContent
from squall.alerts.notification.services.lines import Markup, body_lines, cut, fitted, utf16_length
from squall.alerts.notification.services.service import Addressed, ApiCall, Documents, Service
from squall.alerts.notification.services.summary import Status, summary_of
from squall.core.config.alerts import ReceiverSettings

_MOST_TITLE: Final = 256
_MOST_DESCRIPTION: Final = 4_096
_COLORS: Final[dict[Status, int]] = {"critical": 0xC62828, "warning": 0xEF6C00, "resolved": 0x2E7D32}
_SPECIAL: Final = re.compile(r"[\\*_~`|<>\[\]@]")


def _escape(text: str) -> str:
    return _SPECIAL.sub(r"\\\g<0>", text)


def _link(text: str, url: str) -> str:
    return f"[{text}](<{url.replace('(', '%28').replace(')', '%29')}>)"


_MARKUP: Final = Markup(escape=_escape, strong=lambda text: f"**{text}**", link=_link)


def _compose(content: NotificationContent, documents: Documents, link: str) -> list[ApiCall]:
    summary = summary_of(content, documents, link)
    embed: dict[str, Any] = {
        "title": cut(_escape(summary.title), _MOST_TITLE),
        "description": fitted(body_lines(summary, _MARKUP), _MOST_DESCRIPTION, utf16_length),
        "color": _COLORS[summary.status],
        "timestamp": content.at.event.isoformat(),
    }
    if summary.link:
        embed["url"] = summary.link
    return [ApiCall("", {"username": "Squall", "embeds": [embed], "allowed_mentions": {"parse": []}})]


def _address(call: ApiCall, receiver: ReceiverSettings) -> Addressed:
    """Ask for an answer after the message is stored: without `wait` Discord says that all is well at once."""
    return Addressed(str(httpx.URL(receiver.address).copy_merge_params({"wait": "true"})), call.body)


DISCORD: Final = Service("Discord", _compose, _address, seconds_apart=2.0)

"""Links in messages: to an alert on the live page, and to acknowledge it there."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode, urlsplit

from squall.alerts.notification.sanitize import safe_link
from squall.core.config.settings import WebSettings
from squall.core.net.addresses import host_port

_EVERY_ADDRESS: Final = frozenset({"", "0.0.0.0", "::"})  # noqa: S104  only to recognise them


@dataclass(frozen=True, slots=True)
class AlertLinks:
    """Where an alert is on the live page, and where a form to acknowledge it is open; neither changes anything by being followed."""

    show: str
    acknowledge: str


def page_address(settings: WebSettings, served: str = "") -> str:
    """Return the address of the live page for people: `web.url`, else the page's own; empty where its port is not known.

    Args:
        settings: of the page.
        served: the address of the page of this process; empty: another process serves it.
    """
    if settings.url:
        return settings.url
    port = (urlsplit(served).port if served else None) or settings.port
    host = platform.node() if settings.host in _EVERY_ADDRESS else settings.host
    return f"http://{host_port(host, port)}/" if port and host else ""


def alert_links(page: str, alert_id: str) -> AlertLinks | None:
    """Return the links of an alert; None where `page` is empty or no web address."""
    if not safe_link(page):
        return None
    address, _, fragment = page.partition("#")
    show, acknowledge = (
        f"{address}{'&' if '?' in address else '?'}{urlencode(query)}{'#' + fragment if fragment else ''}"
        for query in ({"alert": alert_id}, {"alert": alert_id, "do": "acknowledge"})
    )
    return AlertLinks(show, acknowledge)

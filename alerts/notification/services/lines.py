"""The summary as lines of text, in the markup of a service, and no longer than it allows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from squall.alerts.notification.services.summary import AlertSummary, Summary

MORE: Final = "…"
"""Stands for the lines that had no room."""


@dataclass(frozen=True, slots=True)
class Markup:
    """How a service writes text.

    Args:
        escape: makes foreign text mean itself.
        strong: marks escaped text.
        link: makes a link of escaped text and an address.
    """

    escape: Callable[[str], str]
    strong: Callable[[str], str]
    link: Callable[[str, str], str]


PLAIN: Final = Markup(escape=str, strong=str, link=lambda text, url: f"{text} {url}")


def alert_lines(alert: AlertSummary, markup: Markup) -> list[str]:
    """Return the lines about one alert: who, what, how bad, since when, the headlines behind it, and its links."""
    lines = [
        f"{markup.strong(markup.escape(alert.topic))} ({markup.escape(alert.status)})",
        *map(markup.escape, alert.lines),
    ]
    for headline in alert.headlines:
        title = markup.escape(headline.title)
        title = markup.link(title, headline.link) if headline.link else title
        lines.append(f"• {title} {markup.escape(headline.about)}".rstrip())
    if alert.links:
        lines.append(" · ".join(markup.link(name, url) for name, url in alert.links))
    return lines


def body_lines(summary: Summary, markup: Markup) -> list[str]:
    """Return the lines of the whole message below its title, without the link."""
    lines = [markup.escape(summary.reason)]
    for alert in summary.alerts:
        lines += ["", *alert_lines(alert, markup)]
    return [*lines, "", *map(markup.escape, summary.notes)] if summary.notes else lines


def fitted(lines: Iterable[str], room: int, length: Callable[[str], int] = len) -> str:
    """Return as many of `lines` as `room` holds, joined; a last line `…` if some had no room. No line is cut: markup stays whole.

    Args:
        lines: without line breaks.
        room: as `length` counts, at least 2.
        length: of a text, for services that count otherwise than Python; one of `…` and of a line break is 1.
    """
    kept: list[str] = []
    reserved, used = length(MORE) + 1, 0
    waiting: Sequence[str] = list(lines)
    whole = sum(length(line) + 1 for line in waiting) - 1
    if whole <= room:
        return "\n".join(waiting)
    for line in waiting:
        used += length(line) + 1
        if used + reserved > room + 1:
            break
        kept.append(line)
    return "\n".join([*kept, MORE])


def utf16_length(text: str) -> int:
    """Return the length in UTF-16 code units, as JavaScript and Telegram count: an emoji is two."""
    return len(text) + sum(character > "\uffff" for character in text)


def cut(text: str, limit: int) -> str:
    """Return `text`, cut to `limit` characters with `…` at its end."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + MORE

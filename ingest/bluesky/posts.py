"""Posts → what they say, and their documents."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from squall.core.dates.publication_time import TimeFormatError, parse_time
from squall.core.records import Document, Kind
from squall.ingest.bluesky.events import POSTS, StreamEvent, moment_of
from squall.ingest.documents import Defaults, build_document
from squall.ingest.identity import identify

_QUOTES: Final = frozenset({"app.bsky.embed.record", "app.bsky.embed.recordWithMedia"})


def said(record: dict[str, Any]) -> str:
    """Return a post's text and, unless the text repeats it, the title of the page that it links to; empty if it says nothing."""
    text = _text(record.get("text"))
    title = _card_title(record.get("embed"))
    if title and title.casefold() not in text.casefold():
        return f"{text}\n{title}" if text else title
    return text


def is_reply(record: dict[str, Any]) -> bool:
    """Return whether the post answers another."""
    return bool(record.get("reply"))


def is_quote(record: dict[str, Any]) -> bool:
    """Return whether the post quotes another."""
    embed = record.get("embed")
    return isinstance(embed, dict) and embed.get("$type") in _QUOTES


def languages(record: dict[str, Any]) -> list[str]:
    """Return the languages that the author declared."""
    listed = record.get("langs")
    return [code for code in listed if isinstance(code, str)] if isinstance(listed, list) else []


def post_document(event: StreamEvent, text: str, source: str, collected_at: datetime) -> Document:
    """Return the document of a post.

    It is published when its author's client says, or when the server saw it if that is earlier (the client's clock is wrong, or the post
    is dated ahead). A changed post has the id of the first version; the processor tells versions apart.

    Args:
        event: creates or changes a post.
        text: what it says.
        source: of the document.
        collected_at: aware UTC.

    Raises:
        InvalidRecordError: it is no valid document.
    """
    seen = min(moment_of(event.time_us), collected_at)
    try:
        created = parse_time(event.record["createdAt"], UTC, "", "")
    except (KeyError, TimeFormatError):
        created = seen
    declared = languages(event.record)
    fields = {
        "id": _native_id(event),
        "author": event.did,
        "url": f"https://bsky.app/profile/{event.did}/post/{event.rkey}",
        "text": text,
        "language": declared[0] if declared else "",
        "published_at": min(created, seen),
    }
    return build_document(fields, Defaults(source=source, kind=Kind.SOCIAL, markup=False), collected_at)


def document_id_of(event: StreamEvent, source: str) -> str:
    """Return the id of the document of the post that `event` is about."""
    return identify(source, _native_id(event), "", tuple)


def _native_id(event: StreamEvent) -> str:
    return f"at://{event.did}/{POSTS}/{event.rkey}"


def _card_title(embed: Any) -> str:
    if not isinstance(embed, dict):
        return ""
    media = embed.get("media")
    external = embed.get("external") or (media.get("external") if isinstance(media, dict) else None)
    return _text(external.get("title")) if isinstance(external, dict) else ""


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""

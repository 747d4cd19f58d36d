"""Statuses → their documents."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from squall.core.cleaning.markup import readable
from squall.core.errors import InvalidRecordError
from squall.core.records import Document, Kind
from squall.ingest.documents import Defaults, build_document
from squall.ingest.identity import identify

_PUBLIC: Final = frozenset({"public", "unlisted"})


def status_id(status: dict[str, Any]) -> str:
    """Return the status's id on its server.

    Raises:
        InvalidRecordError: it has none.
    """
    found = status.get("id")
    if not isinstance(found, str) or not found:
        raise InvalidRecordError("missing_field", "id: is required")
    return found


def version(status: dict[str, Any]) -> str:
    """Return when the status was changed; empty if it is as it was written."""
    edited = status.get("edited_at")
    return edited if isinstance(edited, str) else ""


def is_readable(status: dict[str, Any]) -> bool:
    """Return whether the status is public and not the boost of another: a list also has what authors show their followers only."""
    return status.get("visibility", "public") in _PUBLIC and not status.get("reblog")


def is_reply(status: dict[str, Any]) -> bool:
    """Return whether the status answers another."""
    return bool(status.get("in_reply_to_id"))


def languages(status: dict[str, Any]) -> list[str]:
    """Return the language that the author declared, if any."""
    language = status.get("language")
    return [language] if isinstance(language, str) and language else []


def said(status: dict[str, Any]) -> str:
    """Return the content warning and the text of a status, without markup."""
    parts = (status.get("spoiler_text"), status.get("content"))
    return "\n".join(readable(part) for part in parts if isinstance(part, str) and part)


def status_document(status: dict[str, Any], host: str, source: str, collected_at: datetime) -> Document:
    """Return the document of a status. A content warning is its title. A changed status is published at the change.

    Args:
        status: as of the API.
        host: of the server; a status has another number on each.
        source: of the document.
        collected_at: aware UTC.

    Raises:
        InvalidRecordError: it is no valid document.
    """
    changed = version(status)
    account = status.get("account")
    name = str(account.get("acct") or "") if isinstance(account, dict) else ""
    fields = {
        "id": _native_id(host, status_id(status)),
        "author": name if "@" in name or not name else f"{name}@{host}",
        "url": status.get("url") or status.get("uri"),
        "title": status.get("spoiler_text"),
        "text": status.get("content"),
        "language": status.get("language"),
        "published_at": changed or status.get("created_at"),
    }
    return build_document(fields, Defaults(source=source, kind=Kind.SOCIAL), collected_at)


def document_id_of(number: str, host: str, source: str) -> str:
    """Return the id of the document of the status `number`."""
    return identify(source, _native_id(host, number), "", tuple)


def _native_id(host: str, number: str) -> str:
    return f"{host}/{number}"

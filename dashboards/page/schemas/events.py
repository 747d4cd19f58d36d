"""The data of server-sent events."""

from __future__ import annotations

from pydantic import Field

from squall.dashboards.page.schemas.base import View
from squall.dashboards.page.schemas.documents import DocumentView


class HelloEvent(View):
    """The first event; pass the cursor to resume here."""

    cursor: str
    interval: float = Field(description="seconds between two polls of the store")


class DocumentsEvent(View):
    """Documents stored since the previous event, newest publication first."""

    documents: list[DocumentView]
    skipped: int = Field(description="documents that were stored too, and omitted because there were too many")


class StoreUnavailableEvent(View):
    """The store does not answer."""

    detail: str

"""Which documents are too far from now to be counted: their dates would move the detector's windows, or are mistakes of a source."""

from __future__ import annotations

from datetime import datetime, timedelta

from squall.core.codec import encode_document
from squall.core.config.processor import ProcessorSettings
from squall.core.items import RAW_LIMIT, Item, Rejection
from squall.core.records import CLOCK_SKEW, Document


class EventTimeLimits:
    """The limits of the settings, relative to this machine's clock: a document's own `collected_at` is as foreign as its date.

    Args:
        settings: `max_future_seconds` and `max_age_days`.
    """

    def __init__(self, settings: ProcessorSettings) -> None:
        self._ahead = timedelta(seconds=settings.max_future_seconds)
        self._age = None if settings.max_age_days is None else timedelta(days=settings.max_age_days)

    def apply(self, item: Item, now: datetime) -> Item:
        """Return `item`, as a rejection if its document is dated too far from `now`."""
        problem = self._problem(item.document, now) if item.document is not None else ""
        if item.document is None or not problem:
            return item
        rejection = Rejection("invalid_field", problem, encode_document(item.document)[:RAW_LIMIT])
        # a source that sends its archive, or whose clock is wrong, says nothing about this worker: it must not reach the reject limit
        return Item(item.origin, rejection=rejection, limited_by_source=True)

    def _problem(self, document: Document, now: datetime) -> str:
        if document.published_at > now + self._ahead:
            limit = f"{self._ahead.total_seconds():g} s"
            return f"{_published(document)} is more than {limit} in the future (SQUALL_PROCESSOR__MAX_FUTURE_SECONDS)"
        if document.collected_at > now + CLOCK_SKEW:
            return f"collected_at: {document.collected_at:%Y-%m-%dT%H:%M:%SZ} is in the future"
        if self._age is not None and document.published_at < now - self._age:
            return f"{_published(document)} is more than {self._age.days} days ago (SQUALL_PROCESSOR__MAX_AGE_DAYS)"
        return ""


def _published(document: Document) -> str:
    return f"published_at: {document.published_at:%Y-%m-%dT%H:%M:%SZ}"

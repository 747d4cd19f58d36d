"""What a source answers when `squall ingest check` asks it."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from squall.core.errors import UnavailableError
from squall.core.items import Item
from squall.ingest.registry.context import SourceContext
from squall.ingest.source import Source

_AFTER_CONTACT_SECONDS: Final = 2.0
"""How long a document may take after the first contact, for there need not be one, and a contact after the first failure."""
_LOOK_SECONDS: Final = 0.1


@dataclass(frozen=True, slots=True)
class SourceAnswer:
    """What a source answered.

    Args:
        last_document_at: publication of the newest document that was seen; None if there was none.
        documents: how many were seen.
        rejected: how many items are no documents.
        detail: what else there is to say.
    """

    last_document_at: datetime | None = None
    documents: int = 0
    rejected: int = 0
    detail: str = ""


def answer_of(items: Sequence[Item], detail: str) -> SourceAnswer:
    """Return the answer that `items` are; the first reject among them is named after `detail`."""
    documents = [item.document for item in items if item.document is not None]
    wrong = next((f"; {item.rejection.reason}: {item.rejection.detail}" for item in items if item.rejection), "")
    newest = max((document.published_at for document in documents), default=None)
    return SourceAnswer(newest, len(documents), sum(item.rejection is not None for item in items), f"{detail}{wrong}")


def first_answer(source: Source, context: SourceContext, stop: threading.Event, seconds: float) -> SourceAnswer:
    """Read `source` until its first batch with items, its end, or a moment after it reports a contact; close it.

    Args:
        source: newly opened.
        context: of the source.
        stop: give up.
        seconds: the longest wait.

    Raises:
        UnavailableError: there was no contact in time, or the source says so.
        SquallError: as the source raises.
    """
    documents, rejected, newest, detail = 0, 0, None, ""
    try:
        with _enough(context, stop, seconds) as enough:
            for batch in source.batches(enough):
                found = [item.document for item in batch.items if item.document is not None]
                context.report.contact()
                documents, rejected = documents + len(found), rejected + sum(item.rejection is not None for item in batch.items)
                newest = max([each.published_at for each in found] + ([newest] if newest else []), default=None)
                detail = detail or next((f"{item.rejection.reason}: {item.rejection.detail}" for item in batch.items if item.rejection), "")
                if batch.items or batch.caught_up:
                    break
            else:
                if source.live and (not context.report.contacts or (context.report.failure and not documents)):
                    raise UnavailableError(
                        context.report.failure or f"no answer within {seconds:g} s", "try again, or wait longer with --seconds"
                    )
    finally:
        source.close()
    return SourceAnswer(newest, documents, rejected, detail)


@contextmanager
def _enough(context: SourceContext, stop: threading.Event, seconds: float) -> Iterator[threading.Event]:
    """Yield an event that is set when there is no more to wait for."""
    enough, done = threading.Event(), threading.Event()

    def watch() -> None:
        deadline = context.clock.monotonic() + seconds
        reached = False
        while not done.wait(_LOOK_SECONDS) and not stop.is_set() and context.clock.monotonic() < deadline:
            if (context.report.contacts or context.report.failure) and not reached:
                reached, deadline = True, min(deadline, context.clock.monotonic() + _AFTER_CONTACT_SECONDS)
        enough.set()

    thread = threading.Thread(target=watch, name="check", daemon=True)
    thread.start()
    try:
        yield enough
    finally:
        done.set()
        thread.join()

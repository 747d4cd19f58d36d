"""Asks every feed of a list, for `squall ingest check`."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from random import Random

from squall.app.source_list.check import SourceResult
from squall.core.clock import Clock
from squall.core.config.settings import Settings
from squall.ingest.rss.feed import Feed
from squall.ingest.rss.source import RssSource


def ask_feeds(feeds: Sequence[Feed], settings: Settings, clock: Clock, stop: threading.Event, seconds: float) -> list[SourceResult]:
    """Return the answers of `feeds`, in their order; several hosts are asked side by side.

    Args:
        feeds: several may have the same name.
        settings: of HTTP.
        clock: tells ages.
        stop: give up; feeds that were not asked by then have not answered.
        seconds: the longest wait for one request.
    """
    ingest = settings.ingest.model_copy(update={"request_timeout_seconds": seconds})
    # numbers tell the documents of feeds with one name apart
    numbered = [feed.model_copy(update={"name": str(number), "article": False}) for number, feed in enumerate(feeds)]
    source = RssSource(numbered, ingest, clock, Random(), once=True)  # noqa: S311 - jitter
    newest: dict[str, datetime] = {}
    documents: Counter[str] = Counter()
    for batch in source.batches(stop):
        for document in (item.document for item in batch.items):
            if document is not None:
                documents[document.source] += 1
                newest[document.source] = max(newest.get(document.source, document.published_at), document.published_at)
    results = []
    states = {state.feed.source: state for state in source.states}
    for number, feed in enumerate(feeds):
        name, state = str(number), states[str(number)]
        last = newest.get(name)
        results.append(
            SourceResult(
                feed.source,
                "feed",
                ok=bool(state.fetched),
                detail=state.last_error or ("" if state.fetched else "it was not asked"),
                last_document_at=last,
                age=(clock.now() - last).total_seconds() if last else None,
                documents=documents[name],
                rejected=state.entries - documents[name],
            )
        )
    return results

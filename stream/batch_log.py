"""What the log says about a micro-batch: a line of counts, and at DEBUG a line per document, so that one can be followed by its id."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from typing import Any

from squall.core.batch_report import BatchReport
from squall.core.items import Fate, Item
from squall.core.net.addresses import redact_url

log = logging.getLogger("squall.processor")
batches = logging.getLogger("squall.batches")


def log_decoded(items: Sequence[Item]) -> None:
    """Log at DEBUG each document that is about to be processed, so that one that hangs the worker is known by its id."""
    if log.isEnabledFor(logging.DEBUG):
        for item in items:
            if item.document is not None:
                log.debug("decoded", extra=_place(item))


def log_batch(report: BatchReport) -> None:
    """Log a micro-batch that is safe; one without items is not worth a line."""
    if not report.items:
        return
    fates = Counter(outcome.fate.value for outcome in report.outcomes)
    unscored = {"unscored": sum(report.unscored.values())} if report.unscored else {}
    seconds = {"scoring_seconds": round(report.scoring_seconds, 3), "storing_seconds": round(report.storing_seconds, 3)}
    batches.info("micro-batch done", extra={"items": report.size, **fates, **unscored, **seconds, "token": report.token})
    if report.left_out:
        document = report.left_out[0]
        why = "a document changes too often, and its further versions are left out (limit SQUALL_PROCESSOR__MAX_VERSIONS_PER_DAY)"
        last = {"first_id": document.first_id, "source": document.source, "url": redact_url(document.url)}
        log.warning(why, extra={**last, "versions": len(report.left_out)})
    if not log.isEnabledFor(logging.DEBUG):
        return
    for item, outcome in zip(report.items, report.outcomes, strict=True):
        if outcome.rejection is not None:
            log.debug("rejected", extra={**_place(item), "reason": outcome.rejection.reason})
        elif outcome.fate is Fate.STORED:
            log.debug("stored", extra={**_place(item), "token": report.token})
        elif outcome.fate is Fate.DELETED:
            log.debug("deleted", extra=_place(item))
        else:
            log.debug("duplicate", extra=_place(item))


def _place(item: Item) -> dict[str, Any]:
    known = item.document or item.deletion
    place: dict[str, Any] = {"id": known.id} if known else {}
    return {**place, "topic": item.origin.topic, "partition": item.origin.partition, "offset": item.origin.offset}

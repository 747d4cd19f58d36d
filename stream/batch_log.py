"""What the log says of a micro-batch: a line of counts, and at DEBUG a line for each document, so that one can be followed by its id."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from typing import Any

from squall.core.delivery import Fate, Item, Outcome

log = logging.getLogger("squall.processor")
batches = logging.getLogger("squall.batches")


def log_taken(items: Sequence[Item]) -> None:
    """Log at DEBUG each document that is about to be worked on: one that is never done is then known by name."""
    if log.isEnabledFor(logging.DEBUG):
        for item in items:
            if item.document is not None:
                log.debug("decoded", extra=_place(item))


def log_batch(items: Sequence[Item], outcomes: Sequence[Outcome], token: str, scoring_seconds: float, storing_seconds: float) -> None:
    """Log a micro-batch that is safe.

    Args:
        items: as they came.
        outcomes: one per item.
        token: of the insert, empty when nothing was inserted; ClickHouse keeps it in system.query_log.
        scoring_seconds: in the model.
        storing_seconds: in the store.
    """
    if not items:
        return
    fates = Counter(outcome.fate.value for outcome in outcomes)
    seconds = {"scoring_seconds": round(scoring_seconds, 3), "storing_seconds": round(storing_seconds, 3)}
    batches.info("micro-batch done", extra={"items": len(items), **fates, **seconds, "token": token})
    if not log.isEnabledFor(logging.DEBUG):
        return
    for item, outcome in zip(items, outcomes, strict=True):
        if outcome.rejection is not None:
            log.debug("rejected", extra={**_place(item), "reason": outcome.rejection.reason})
        elif outcome.fate is Fate.STORED:
            log.debug("stored", extra={**_place(item), "token": token})
        else:
            log.debug("duplicate", extra=_place(item))


def _place(item: Item) -> dict[str, Any]:
    place: dict[str, Any] = {"id": item.document.id} if item.document else {}
    return {**place, "topic": item.origin.topic, "partition": item.origin.partition, "offset": item.origin.offset}

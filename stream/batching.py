"""Micro-batches bounded by count and tokens."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from squall.core.config.settings import ProcessorSettings
from squall.core.items import Item

CHARACTERS_PER_TOKEN = 4
"""English word pieces are about this long; an estimate is enough to bound memory."""


def estimated_tokens(item: Item) -> int:
    """Return about how many tokens the document of `item` has; rejects cost one."""
    if item.document is None:
        return 1
    return 1 + (len(item.document.title) + len(item.document.text)) // CHARACTERS_PER_TOKEN


def micro_batches(items: Sequence[Item], settings: ProcessorSettings) -> Iterator[list[Item]]:
    """Cut `items`, in order, into non-empty runs within `batch_documents` and `batch_tokens` (one huge document goes alone)."""
    batch: list[Item] = []
    tokens = 0
    for item in items:
        cost = estimated_tokens(item)
        if batch and (len(batch) >= settings.batch_documents or tokens + cost > settings.batch_tokens):
            yield batch
            batch, tokens = [], 0
        batch.append(item)
        tokens += cost
    if batch:
        yield batch

"""Micro-batches bounded by count and tokens, and how many documents one should have."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from squall.core.config.settings import ProcessorSettings
from squall.core.items import Item

CHARACTERS_PER_TOKEN = 4
"""English word pieces are about this long; an estimate is enough to bound memory."""
LEAST: Final = 512
"""Documents of a micro-batch while more wait, however slow the stages are."""
STAGE_SECONDS: Final = 0.5
"""Longest time that a stage should spend on a micro-batch."""


def estimated_tokens(item: Item) -> int:
    """Return about how many tokens the document of `item` has; rejects cost one."""
    if item.document is None:
        return 1
    return 1 + (len(item.document.title) + len(item.document.text)) // CHARACTERS_PER_TOKEN


def micro_batches(items: Sequence[Item], settings: ProcessorSettings, documents: int | None = None) -> Iterator[list[Item]]:
    """Cut `items`, in order, into non-empty runs within `documents` and `batch_tokens` (one huge document goes alone).

    Args:
        items: of any number.
        settings: `batch_documents` and `batch_tokens`.
        documents: most of one run; None: `batch_documents`.
    """
    most = settings.batch_documents if documents is None else documents
    batch: list[Item] = []
    tokens = 0
    for item in items:
        cost = estimated_tokens(item)
        if batch and (len(batch) >= most or tokens + cost > settings.batch_tokens):
            yield batch
            batch, tokens = [], 0
        batch.append(item)
        tokens += cost
    if batch:
        yield batch


class BatchSize:
    """How many documents a micro-batch may have while more wait: as many as the slowest stage does in `STAGE_SECONDS`.

    Large ones save inserts, and would make everything behind them wait where scoring is slow. Never more than `batch_documents`, nor
    fewer than `LEAST` of them.

    Args:
        settings: `batch_documents`.
    """

    def __init__(self, settings: ProcessorSettings) -> None:
        self._most = settings.batch_documents
        self._least = self.limit = min(LEAST, self._most)

    def add(self, documents: int, seconds: float) -> None:
        """Learn from a micro-batch whose slowest stage took so long.

        Args:
            documents: that were scored; those that were stored before cost next to nothing and teach nothing.
            seconds: of the slowest stage.
        """
        if not documents:
            return
        wanted = self._most if seconds <= 0 else int(documents * STAGE_SECONDS / seconds)
        self.limit = max(self._least, min(self._most, wanted))

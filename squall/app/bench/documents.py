"""The documents of a benchmark: headlines over and over, each document with an id of its own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import count

from squall.core.records import Document, Kind
from squall.core.text import document_id


class BenchDocuments:
    """Makes documents that no earlier call has made. For one thread at a time.

    Args:
        texts: their titles, in turn.
        run: tells the ids of one run from those of another.
    """

    def __init__(self, texts: Sequence[str], run: str) -> None:
        self._texts = texts
        self._run = run
        self._numbers = count()

    def make(self, at: datetime) -> Document:
        """Return the next document, published and collected `at` that moment."""
        number = next(self._numbers)
        title = self._texts[number % len(self._texts)]
        key = document_id(self._run, str(number))
        return Document(id=key, kind=Kind.NEWS, source="bench", title=title, published_at=at, collected_at=at)

    def many(self, documents: int, at: datetime) -> list[Document]:
        """Return the next `documents`, all of the same moment."""
        return [self.make(at) for _ in range(documents)]

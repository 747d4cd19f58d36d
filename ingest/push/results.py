"""What became of each document of a request: new, known before, or rejected."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any, Final, Literal

from squall.core.items import Fate, Outcome, Rejection
from squall.core.records import Document

Result = Literal["stored", "published", "duplicate", "rejected"]

Entry = Document | Rejection
"""One document of a request, or why it is none."""
REMEMBERED: Final = 100_000
"""Published documents that are remembered: about 20 MB."""

_BY_FATE: Final[dict[Fate, Result]] = {Fate.STORED: "stored", Fate.DUPLICATE: "duplicate", Fate.REJECTED: "rejected"}


class PublishedVersions:
    """What this process has published to Kafka most recently, where nobody knows what is stored. Thread-safe."""

    def __init__(self, most: int = REMEMBERED) -> None:
        self._most = most
        self._keys: OrderedDict[tuple[str, int], None] = OrderedDict()
        self._lock = threading.Lock()

    def results(self, entries: Sequence[Entry]) -> list[Result]:
        """Remember the documents; return the result of each entry."""
        known = iter(self.add([entry for entry in entries if isinstance(entry, Document)]))
        return [next(known) if isinstance(entry, Document) else "rejected" for entry in entries]

    def add(self, documents: Sequence[Document]) -> list[Result]:
        """Remember `documents`; return for each whether it was published before with this title and text."""
        results: list[Result] = []
        with self._lock:
            for document in documents:
                key = (document.id, document.revision)
                results.append("duplicate" if key in self._keys else "published")
                self._keys[key] = None
                self._keys.move_to_end(key)
            while len(self._keys) > self._most:
                self._keys.popitem(last=False)
        return results


def results_of(outcomes: Sequence[Outcome]) -> list[Result]:
    """Return the results that the processor's outcomes mean."""
    return [_BY_FATE[outcome.fate] for outcome in outcomes]


def answer(entries: Sequence[Entry], results: Sequence[Result], errors: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the body of a 202: how many documents are new, duplicates and rejected, the id and result of each in order, and the errors."""
    return {
        "accepted": sum(result in {"stored", "published"} for result in results),
        "duplicates": results.count("duplicate"),
        "rejected": results.count("rejected"),
        "ids": [entry.id if isinstance(entry, Document) else None for entry in entries],
        "results": list(results),
        "errors": list(errors),
    }

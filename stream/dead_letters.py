"""Dead letters on one machine: a table in the store."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from squall.core.delivery import DeadLetter


class DeadLetterTable(Protocol):
    """What the sink needs of the store."""

    def write_dead_letters(self, letters: Sequence[DeadLetter]) -> None: ...


class StoreDeadLetters:
    """A `DeadLetterSink` on the store's table; the same letter twice is one row."""

    def __init__(self, store: DeadLetterTable) -> None:
        self._store = store

    def write(self, letters: Sequence[DeadLetter]) -> None:
        """Write `letters`."""
        self._store.write_dead_letters(letters)

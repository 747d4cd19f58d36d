"""How often the documents are deleted that were taken back: every ten minutes, all at once, because each time whole parts are rewritten."""

from __future__ import annotations

import logging
from typing import Final

from squall.core.clock import Clock
from squall.storage import Store

log = logging.getLogger(__name__)

DELETE_SECONDS: Final = 600.0
"""The longest that a document that was taken back stays."""


class DeletionPacing:
    """Deletes at most every `DELETE_SECONDS`.

    Args:
        store: has the documents.
        clock: its monotonic time decides.
    """

    def __init__(self, store: Store, clock: Clock) -> None:
        self._documents = store.documents
        self._clock = clock
        self._next = 0.0

    def update(self, *, always: bool) -> None:
        """Delete what was marked, unless that was done too short a time ago.

        Args:
            always: also within that time, for a run after which no other comes.

        Raises:
            UnavailableError: the store can't be reached.
        """
        now = self._clock.monotonic()
        if now < self._next and not always:
            return
        deleted = self._documents.delete_marked()
        self._next = now + DELETE_SECONDS
        if deleted:
            log.info("deleted documents that were taken back", extra={"documents": deleted})

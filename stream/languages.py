"""Which documents the model reads, by their language."""

from __future__ import annotations

from collections.abc import Callable, Collection

from squall.core.cleaning.language import EVERY, UNKNOWN, language_of
from squall.core.records import Document


class Languages:
    """Says in which language documents are, and whether the model knows it.

    Args:
        known: returns the codes of the languages that the present model reads, or `*` for all; asked anew for each document, because a
            checkpoint can be exchanged.
    """

    def __init__(self, known: Callable[[], Collection[str]]) -> None:
        self._known = known

    def identified(self, document: Document) -> Document:
        """Return `document` with the language of its text, or as its source says where the text is not certain."""
        found = language_of(document.content, document.language, self._known())
        return document if found == document.language else document.having(language=found)

    def reads(self, document: Document) -> bool:
        """Return whether the model reads `document`: it knows its language, or nobody does."""
        known = self._known()
        return document.language == UNKNOWN or document.language in known or EVERY in known

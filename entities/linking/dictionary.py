"""All forms of all names in one automaton (Aho and Corasick 1975): one pass over a text finds every one of them."""

from __future__ import annotations

from typing import NamedTuple

from squall.entities.catalogue.catalogue import Catalogue
from squall.entities.linking.folding import Folded
from squall.entities.linking.forms.ready_made import forms_table
from squall.entities.linking.forms.table import Form


class Match(NamedTuple):
    """A form in a folded text: characters `start` to `end` of it."""

    start: int
    end: int
    form: Form


class Dictionary:
    """Forms of names, to be found in folded texts. Safe to share between threads.

    Args:
        catalogue: the entities.
    """

    def __init__(self, catalogue: Catalogue) -> None:
        import ahocorasick_rs  # takes no time, but only who links needs it

        self._table = forms_table(catalogue)
        # sorted patterns build in two thirds of the time
        self._automaton = ahocorasick_rs.AhoCorasick(
            [f" {text} " for text in self._table.texts], matchkind=ahocorasick_rs.MatchKind.Standard
        )

    def __len__(self) -> int:
        return len(self._table)

    def form(self, text: str) -> Form | None:
        """Return the form that a folded name is."""
        return self._table.with_text(text)

    def matches(self, folded: Folded) -> list[Match]:
        """Return every form in the text, also those inside others, in the order of their ends: linear in text and matches."""
        form = self._table.form
        return [
            Match(start + 1, end - 1, form(number))
            for number, start, end in self._automaton.find_matches_as_indexes(folded.text, overlapping=True)
        ]

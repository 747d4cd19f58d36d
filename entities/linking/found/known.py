"""Whom a name by itself means, written in full or short: what the network found, and what a caller asks for."""

from __future__ import annotations

from squall.entities.catalogue.catalogue import Catalogue
from squall.entities.catalogue.common_words import is_common
from squall.entities.entity import Entity
from squall.entities.linking.dictionary import Dictionary
from squall.entities.linking.folding import fold_name
from squall.entities.linking.forms.table import Form
from squall.entities.linking.found.names import bare_name
from squall.entities.names import legal_short_form, short_forms


class KnownNames:
    """Looks names up in the dictionary and the catalogue. Immutable, safe to share between threads.

    Args:
        catalogue: the entities that are known.
        dictionary: the forms of their names.
    """

    def __init__(self, catalogue: Catalogue, dictionary: Dictionary) -> None:
        self._catalogue = catalogue
        self._dictionary = dictionary

    def form(self, name: str) -> Form | None:
        """Return the dictionary's form that `name` is as it is written."""
        return self._dictionary.form(fold_name(name))

    def of(self, name: str) -> tuple[Entity, ...]:
        """Return the entities that have `name`, or what is left of it without its legal form; the best first, empty where there are none.

        Of "Lehman Brothers Holdings Inc" that is Lehman Brothers. A beginning that stands for a longer name ("Ocwen" of Ocwen Financial)
        counts as it is written only: with a legal form behind it, it is another company's full name. For the same reason an ordinary word
        may lose a legal form, but not "Group" or "Holdings".
        """
        bare = bare_name(name)
        for written in dict.fromkeys((name, bare)):
            form = self.form(written)
            if form is not None:
                return form.entities
            named = self._catalogue.named(written)
            if named:
                return named
        legal = legal_short_form(bare)
        for short in short_forms(bare):
            if is_common(short) and short != legal:
                continue
            form = self.form(short)
            if form is not None and not form.derived:
                return form.entities
            named = self._catalogue.named(short)
            if named:
                return named
        return ()

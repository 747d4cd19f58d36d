"""All forms of all names in one automaton (Aho and Corasick 1975): one pass over a text finds every one of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from squall.core.records import EntityKind
from squall.entities.catalogue.catalogue import Catalogue
from squall.entities.entity import Entity
from squall.entities.linking.folding import Folded
from squall.entities.linking.spellings import abbreviated, spellings

MOST_FORMS = 2_000
"""Of an entity with more forms only the first are looked for."""
_LEAST_SHORT = 4
_DOMINATES = 2
"""Sizes by which a company must exceed the others that begin alike, for their common beginning to mean it."""
_ACRONYM = 5


@dataclass(frozen=True, slots=True)
class Form:
    """A way to write a name, folded.

    Args:
        text: without spaces around it.
        entities: whose name it is, the largest first; never empty.
        words: how many.
        common: whether it is, or consists only of, ordinary words.
        acronym: whether names write it in capitals: "GE", "AIG".
        derived: whether it follows by rule (a beginning that no other name shares, a plural) and no table has it.
    """

    text: str
    entities: tuple[Entity, ...]
    words: int
    common: bool
    acronym: bool
    derived: bool


class Match(NamedTuple):
    """A form in a folded text: characters `start` to `end` of it."""

    start: int
    end: int
    form: Form


class Dictionary:
    """Forms of names, to be found in folded texts. Immutable and safe to share between threads.

    Args:
        catalogue: the entities.
    """

    def __init__(self, catalogue: Catalogue) -> None:
        import ahocorasick_rs  # takes no time, but only who links needs it

        self._forms = _forms(catalogue)
        self._by_text = {form.text: form for form in self._forms}
        self._automaton = ahocorasick_rs.AhoCorasick([f" {form.text} " for form in self._forms], matchkind=ahocorasick_rs.MatchKind.Standard)

    def __len__(self) -> int:
        return len(self._forms)

    def form(self, text: str) -> Form | None:
        """Return the form that a folded name is."""
        return self._by_text.get(text)

    def matches(self, folded: Folded) -> list[Match]:
        """Return every form in the text, also those inside others, in the order of their ends: linear in text and matches."""
        forms = self._forms
        return [
            Match(start + 1, end - 1, forms[number])
            for number, start, end in self._automaton.find_matches_as_indexes(folded.text, overlapping=True)
        ]


def _forms(catalogue: Catalogue) -> list[Form]:
    told: dict[str, dict[str, Entity]] = defaultdict(dict)
    capitals: dict[str, bool] = {}
    for entity in catalogue:
        count = 0
        for name in catalogue.names(entity):
            for text in spellings(name):
                told[text].setdefault(entity.id, entity)
                capitals[text] = capitals.get(text, True) and name.isupper()
                count += 1
            if count > MOST_FORMS:
                break
    derived = {text: entities for text, entities in _derived(catalogue, told).items() if text not in told}
    common = _CommonWords(catalogue)
    return [
        Form(text, _largest_first(entities.values()), text.count(" ") + 1, common(text), _is_acronym(text, capitals.get(text, False)), number == 1)
        for number, group in enumerate((told, derived))
        for text, entities in group.items()
    ]


class _CommonWords:
    """Whether all words of a form are ordinary ones."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._known: dict[str, bool] = {}

    def __call__(self, text: str) -> bool:
        return self._word(text) or all(map(self._word, text.split()))

    def _word(self, word: str) -> bool:
        known = self._known.get(word)
        if known is None:
            known = self._known[word] = self._catalogue.needs_context(word)
        return known


def _is_acronym(text: str, capitals: bool) -> bool:
    return capitals and len(text) <= _ACRONYM and " " not in text


def _largest_first(entities: Iterable[Entity]) -> tuple[Entity, ...]:
    return tuple(sorted(entities, key=lambda entity: (-entity.size, entity.id)))


def _derived(catalogue: Catalogue, told: dict[str, dict[str, Entity]]) -> dict[str, dict[str, Entity]]:
    """Beginnings of companies' names that mean one of them: "Ocwen" of Ocwen Financial, "Intercept Pharma"."""
    beginnings: dict[str, dict[str, Entity]] = defaultdict(dict)
    short: dict[str, dict[str, Entity]] = defaultdict(dict)
    people = {word for entity in catalogue if entity.kind is EntityKind.PERSON for name in catalogue.names(entity) for word in name.lower().split()}
    for text, entities in told.items():
        words = tuple(text.split())
        for entity in entities.values():
            if entity.kind is not EntityKind.COMPANY:
                continue
            for count in range(1, len(words)):
                beginnings[" ".join(words[:count])][entity.id] = entity
            for form in abbreviated(words):
                short[form][entity.id] = entity
    for text, entities in beginnings.items():
        words = tuple(text.split())
        meant = _dominant(entities.values())
        if meant is None or text in told or words[-1] in _OPEN:
            continue
        if len(words) == 1 and (len(text) < _LEAST_SHORT or catalogue.needs_context(text) or text in people or text.isdecimal()):
            continue
        if len(words) > 1 and all(catalogue.needs_context(word) for word in words):
            continue
        short[text] = {meant.id: meant}
    return short


_OPEN = frozenset(["of", "the", "for", "and", "&", "de", "du", "des", "del", "di", "da", "von", "van", "to", "in", "la", "le", "s", "el", "st"])
"""A name does not end here."""


def _dominant(entities: Iterable[Entity]) -> Entity | None:
    """The only one, or the one that is much larger than all others."""
    first, *others = _largest_first(entities)
    if others and first.size - others[0].size < _DOMINATES:
        return None
    return first

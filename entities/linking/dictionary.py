"""All forms of all names in one automaton (Aho and Corasick 1975): one pass over a text finds every one of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from typing import NamedTuple

from squall.core.records import EntityKind
from squall.entities.catalogue.catalogue import Catalogue
from squall.entities.entity import Entity
from squall.entities.linking import vocabulary
from squall.entities.linking.folding import Folded, fold_name
from squall.entities.linking.spellings import abbreviated, spellings

MOST_FORMS = 2_000
"""Of an entity with more forms only the first are looked for."""
_LEAST_SHORT = 4
_DOMINATES = 2
"""Sizes by which a company must exceed the others that begin alike, for their common beginning to mean it."""
_ACRONYM = 5
_INITIALS = 2
"""Letters of what is no word beside another: "SL" of SL Green."""
_KNOWN_SIZE = 4
"""Companies from this size on are called by a beginning of ordinary words too: "Fifth Third"."""


_Told = dict[str, dict[str, Entity]]
"""Form → entity's id → entity."""


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
        self._automaton = ahocorasick_rs.AhoCorasick(
            [f" {form.text} " for form in self._forms], matchkind=ahocorasick_rs.MatchKind.Standard
        )

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
    told: _Told = defaultdict(dict)
    capitals: dict[str, bool] = {}
    for entity in catalogue:
        count = 0
        for name in catalogue.names(entity):
            for text in spellings(name):
                text = text.removeprefix("the ")
                if vocabulary.LEGAL_FORMS.issuperset(text.split()):
                    continue
                told[text].setdefault(entity.id, entity)
                capitals[text] = capitals.get(text, True) and name.isupper()
                count += 1
            if count > MOST_FORMS:
                break
    common = _CommonWords(catalogue)
    derived = _derived(catalogue, told, common)
    return [
        Form(
            text,
            _meant(text, entities),
            text.count(" ") + 1,
            common(text),
            _is_acronym(text, capitals.get(text, False)),
            number == 1,
        )
        for number, group in enumerate((told, derived))
        for text, entities in group.items()
    ]


class _CommonWords:
    """Whether a form is an ordinary word, or consists of ordinary words only."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._known: dict[str, bool] = {}

    def __call__(self, text: str) -> bool:
        words = text.split()
        return all(map(self._word, words)) if len(words) > 1 else self._catalogue.needs_context(text) or self._word(text)

    def _word(self, word: str) -> bool:
        known = self._known.get(word)
        if known is None:
            ordinary = word in vocabulary.ORDINARY or word in vocabulary.PLACES or word in vocabulary.NOT_ALONE
            known = self._known[word] = ordinary or (len(word) > _INITIALS and self._catalogue.needs_context(word))
        return known


def _meant(text: str, entities: dict[str, Entity]) -> tuple[Entity, ...]:
    """The entities of a form, the largest first; an abbreviation of another thing ("SEC", "EU") is no company's."""
    group = _largest_first(entities.values())
    if text in vocabulary.NOT_TICKERS:
        return tuple(entity for entity in group if entity.kind is not EntityKind.COMPANY) or group
    return group


def _is_acronym(text: str, capitals: bool) -> bool:
    return capitals and len(text) <= _ACRONYM and " " not in text


def _largest_first(entities: Collection[Entity]) -> tuple[Entity, ...]:
    return tuple(entities) if len(entities) == 1 else tuple(sorted(entities, key=lambda entity: (-entity.size, entity.id)))


def _derived(catalogue: Catalogue, told: _Told, common: _CommonWords) -> _Told:
    """Beginnings of companies' names that mean one of them: "Ocwen" of Ocwen Financial, "Intercept Pharma", "Travelers Companies"."""
    beginnings: _Told = defaultdict(dict)
    short: _Told = defaultdict(dict)
    people = _words_of_people(catalogue)
    for text, entities in told.items():
        words = tuple(text.split(" "))  # an empty one where a dot was: "c h  robinson"
        for entity in entities.values():
            if entity.kind is EntityKind.COMPANY:
                for count in range(1, len(words) + 1):
                    if count < len(words) and words[count - 1]:
                        beginnings[" ".join(words[:count])][entity.id] = entity
                    for form in abbreviated(words[:count]):
                        beginnings[form][entity.id] = entity
    for text, entities in beginnings.items():
        meant = _dominant(entities.values())
        if text not in told and meant is not None and _can_stand(text, meant, common, people):
            short[text] = {meant.id: meant}
    return short


def _can_stand(text: str, entity: Entity, common: _CommonWords, people: frozenset[str]) -> bool:
    words = text.split()
    if (
        words[-1] in _OPEN
        or len(words[-1]) == 1
        or text in vocabulary.PLACES
        or text in vocabulary.NOT_ALONE
        or vocabulary.LEGAL_FORMS.issuperset(words)
    ):
        return False
    if len(words) == 1 and (len(text) < _LEAST_SHORT or text in people or text.isdecimal()):
        return False
    return entity.size >= _KNOWN_SIZE or not common(text)


def _words_of_people(catalogue: Catalogue) -> frozenset[str]:
    people = (entity for entity in catalogue if entity.kind is EntityKind.PERSON)
    return frozenset(word for entity in people for name in catalogue.names(entity) for word in fold_name(name).split())


_OPEN = frozenset(
    ["of", "the", "for", "and", "&", "de", "du", "des", "del", "di", "da", "von", "van", "to", "in", "la", "le", "s", "el", "st"]
)
"""A name does not end here."""


def _dominant(entities: Collection[Entity]) -> Entity | None:
    """The only one, or the one that is much larger than all others."""
    first, *others = _largest_first(entities)
    if others and first.size - others[0].size < _DOMINATES:
        return None
    return first

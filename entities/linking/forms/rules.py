"""The rules by which texts call the entities of a catalogue: names as they are spelled, and beginnings of names that mean one of them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection
from operator import attrgetter

from squall.core.records import EntityKind
from squall.entities.catalogue.catalogue import Catalogue
from squall.entities.entity import Entity
from squall.entities.linking import vocabulary
from squall.entities.linking.folding import fold_name
from squall.entities.linking.forms.spellings import abbreviated, spelled, spellings
from squall.entities.linking.forms.table import Form

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


def forms_of(catalogue: Catalogue) -> list[Form]:
    """Return every form of every name, sorted by text; no two have one text."""
    told: _Told = defaultdict(dict)
    capitals: dict[str, bool] = {}
    for entity in catalogue:
        count = 0
        for name in catalogue.names(entity):
            dotted = () if entity.kind is EntityKind.COMPANY and name.lower() in vocabulary.NOT_TICKERS else spelled(name)  # no "P.M."
            for text in (*spellings(name), *dotted):
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
    forms = (
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
    )
    return sorted(forms, key=attrgetter("text"))


_ORDINARY = vocabulary.ORDINARY | vocabulary.RARE_WORDS | vocabulary.PLACES | vocabulary.NOT_ALONE


class _CommonWords:
    """Whether a form is an ordinary word, or consists of ordinary words only."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._known: dict[str, bool] = {}

    def __call__(self, text: str) -> bool:
        words = text.split()
        return (
            all(map(self._word, words))
            if len(words) > 1
            else self._catalogue.needs_context(text) or self._word(text) or text in vocabulary.NOT_COMPANY_AFTER
        )

    def _word(self, word: str) -> bool:
        known = self._known.get(word)
        if known is None:
            known = self._known[word] = word in _ORDINARY or (len(word) > _INITIALS and self._catalogue.needs_context(word))
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
    if len(entities) == 1:
        return tuple(entities)
    return tuple(sorted(entities, key=lambda entity: (_is_vehicle(entity), -entity.size, entity.kind is not EntityKind.INDEX, entity.id)))


_VEHICLES = frozenset({"etf", "etc", "etn", "fund", "funds", "ucits", "sicav", "acquisition", "municipal", "currencyshares"})
_TRUSTS = frozenset(
    {
        "income",
        "term",
        "royalty",
        "bitcoin",
        "ethereum",
        "gold",
        "silver",
        "platinum",
        "palladium",
        "equity",
        "rate",
        "credit",
        "dividend",
        "yield",
        "bond",
    }
)
_OF_VEHICLES = frozenset({"", "Financials"})


def _is_vehicle(entity: Entity) -> bool:
    """Whether it is a fund, an exchange-traded product or a shell that seeks a company: nobody means it by a part of its name."""
    if entity.kind is not EntityKind.COMPANY or entity.sector not in _OF_VEHICLES:
        return False
    words = set(fold_name(entity.name).split())
    return not _VEHICLES.isdisjoint(words) or ("trust" in words and not _TRUSTS.isdisjoint(words))


def _derived(catalogue: Catalogue, told: _Told, common: _CommonWords) -> _Told:
    """Beginnings of companies' names that mean one of them: "Ocwen" of Ocwen Financial, "Intercept Pharma", "Travelers Companies"."""
    beginnings: _Told = defaultdict(dict)
    short: _Told = defaultdict(dict)
    people = _words_of_people(catalogue)
    for text, entities in told.items():
        words = tuple(text.split(" "))  # an empty one where a dot was: "c h  robinson"
        for entity in entities.values():
            if entity.kind is EntityKind.COMPANY and not _is_vehicle(entity):
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
    if len(words) == 1 and (len(text) < _LEAST_SHORT or text in people or _ORDINAL.fullmatch(text)):
        return False
    if not any(map(str.isalpha, text)):
        return False
    return entity.size >= _KNOWN_SIZE or not common(text)


def _words_of_people(catalogue: Catalogue) -> frozenset[str]:
    people = (entity for entity in catalogue if entity.kind is EntityKind.PERSON)
    return frozenset(word for entity in people for name in catalogue.names(entity) for word in fold_name(name).split())


_ORDINAL = re.compile("[0-9]+(st|nd|rd|th)")
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

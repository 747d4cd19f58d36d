"""Which of the entities of one name is meant: by the document's tickers, kind, size, and what an agency, an index or an authority does."""

from __future__ import annotations

from squall.core.records import EntityKind
from squall.entities.entity import Entity
from squall.entities.linking import vocabulary
from squall.entities.linking.forms.table import Form
from squall.entities.linking.place import Casing, Place, begins_sentence, casing

_NEAR = 5
"""Words on each side that are looked at."""
_AUTHORITIES = frozenset({EntityKind.CENTRAL_BANK, EntityKind.ORGANISATION})
_INTENDS = vocabulary.STRONG_VERBS | {"set", "offers", "wants", "bids", "seeks"}
_INDICES_TOO = frozenset({"build", "close", "cut", "double", "expand", "post", "raise", "report", "split", "start", "stop"})
"""Of what companies do, what an index does as well: "Nasdaq to cut losses", not "Nasdaq to cut jobs"."""
_OWN_AFFAIRS = vocabulary.OWN_AFFAIRS - {"loss", "losses", "gains", "outlook"}
_EARNED = frozenset({"profit", "profits"})


def entity_points(entity: Entity, form: Form, place: Place, symbols: frozenset[str]) -> float:
    """Return what speaks for this entity among those of one name: the document's symbols, its kind, its size, an American listing."""
    points = 4.0 if symbols and not symbols.isdisjoint(entity.symbols) else 0.0
    if entity.kind is EntityKind.COMPANY:
        if form.common or form.derived or form.acronym:
            weight = 0.4 if form.words == 1 else 0.15
            points += ((entity.size or 1) - 4) * weight
        if any(not listing.exchange for listing in entity.listings):
            points += 0.1
        if form.text in vocabulary.AGENCIES:
            points += 4.0 if _is_agency(place) else 0.0
        elif len(form.entities) > 1 and not vocabulary.STRONG_AFTER.isdisjoint(place.after[:3]):
            points += 1.6
    elif entity.kind is EntityKind.INDEX:
        points += 0.8
        if place.before[:1] == ["the"] or not vocabulary.INDEX_WORDS.isdisjoint((*place.before[:_NEAR], *place.after[:_NEAR])):
            points += 1.0
        if place.after and place.after[0] in vocabulary.NOT_COMPANY_AFTER.get(form.text, ()):
            points -= 3.0
        if _acts_as_company(place):
            points -= 1.6
    else:
        points += 0.5
        if entity.kind in _AUTHORITIES:
            points += 1.0 if _has_authority(place) else 0.0
            if form.common:
                policy = sum(word in vocabulary.POLICY for word in (*place.before[:_NEAR], *place.after[:_NEAR]))
                points += (
                    min(policy, 2) * 0.4
                    if policy or begins_sentence(place.text, place.start) or casing(place.text, place.start, place.end) is Casing.SENTENCE
                    else -0.5
                )
    return points


def _is_agency(place: Place) -> bool:
    """Whether "S&P" is the agency, not the index: "S&P cuts Greece", "cut to junk by S&P", "S&P rating"; not "S&P cuts losses"."""
    before, after = place.before, place.after
    if after[:1] and after[0] in vocabulary.AGENCY_VERBS:
        return vocabulary.INDEX_MOVES.isdisjoint(after[1:4])
    if after[:1] and after[0] in vocabulary.AGENCY_NOUNS:
        return True
    return before[:1] != [] and before[0] in vocabulary.RATED_BY and not vocabulary.RATED_VERBS.isdisjoint(before[1:8])


def _acts_as_company(place: Place) -> bool:
    """Whether an index's name does what only the company does: "Nasdaq to buy Adenza", "Nasdaq profit"; not "Nasdaq to close higher"."""
    after = place.after
    if after[:1] and after[0] in _EARNED:
        return True
    if after[:3] == ["in", "talks", "to"]:
        after = after[2:]
    elif after[:1] and after[0] in _INTENDS:
        after = after[1:]
    if after[:1] != ["to"] or vocabulary.INFINITIVES.isdisjoint(after[1:2]):
        return False
    return after[1] not in _INDICES_TOO or not _OWN_AFFAIRS.isdisjoint(after[2:5])


def _has_authority(place: Place) -> bool:
    """Whether a regulator does what only one does: "FCA bans", "the FCA", "an FCA fine", "fined by FCA"; not "FCA recalls trucks"."""
    before, after = place.before, place.after
    if not vocabulary.AUTHORITY_VERBS.isdisjoint(after[:1]) or not vocabulary.AUTHORITY_ACTS.isdisjoint(after[:1]):
        return True
    return before[:1] == ["the"] or (before[:1] == ["by"] and not vocabulary.AUTHORITY_DID.isdisjoint(before[1:3]))

"""How probable it is that a form means an entity where it stands: evidence for and against, added up.

The numbers are points, as the logarithm of odds would be: what speaks for a name adds, what speaks against it subtracts, and a sum of zero or
more links. They were set by hand on examples and measured by `squall entities evaluate`.
"""

from __future__ import annotations

from typing import NamedTuple

from squall.core.records import EntityKind
from squall.entities.entity import Entity
from squall.entities.linking import vocabulary
from squall.entities.linking.casing import Casing, begins_sentence, casing
from squall.entities.linking.dictionary import Form

THRESHOLD = 0.0
"""The least sum that links."""
CERTAIN = 10.0
"""A ticker of the entity stands beside the name."""

_WINDOW = 56
"""Characters on each side whose words count; bounded, so that time is linear."""
_NEAR = 5
_HEADS = 12
"""A name that heads a text, before a colon, begins within so many characters."""


class Place(NamedTuple):
    """Where a form stands.

    Args:
        text: as given.
        folded: the same, folded.
        start: offset in `text`.
        end: offset in `text`.
        folded_start: offset in `folded`.
        folded_end: offset in `folded`.
    """

    text: str
    folded: str
    start: int
    end: int
    folded_start: int
    folded_end: int


class Surroundings(NamedTuple):
    """What stands around a form: lower-case words, nearest first before it, nearest first after it."""

    before: list[str]
    after: list[str]
    possessive: bool


def surroundings(place: Place) -> Surroundings:
    """Return the words around a place, from a bounded part of the text."""
    begin = max(0, place.folded_start - _WINDOW)
    before = place.folded[begin : place.folded_start].split()
    if begin and before and place.folded[begin - 1] != " ":
        del before[0]
    after = place.folded[place.folded_end : place.folded_end + _WINDOW].split()
    possessive = bool(after) and after[0] == "s" and place.text[place.end : place.end + 1] in {"'", "’", "‘", "`"}
    return Surroundings(before[::-1], after[1:] if possessive else after, possessive)


def score(form: Form, place: Place, around: Surroundings) -> float:
    """Return how much speaks for `form` meaning a name at `place`, by its letters and the words around; who is meant is not looked at."""
    how = casing(place.text, place.start, place.end)
    own = place.text[place.start : place.end]
    if form.acronym and form.words == 1:
        points = _acronym(form, own, how)
    else:
        points = _word(form, own, how, begins_sentence(place.text, place.start))
    if form.derived:
        points -= 0.5
    if form.common or form.acronym:
        points += _context(form, around)
        if form.words == 1 and how is Casing.SENTENCE and own[:1].isupper():
            points -= _neighbours(place)
        if form.words == 1 and place.text[place.end : place.end + 1] == ":" and place.start <= _HEADS:
            points += 1.0
    return points


def _acronym(form: Form, own: str, how: Casing) -> float:
    if form.text in vocabulary.NOT_TICKERS:
        return -5.0
    if how is Casing.LOWER:
        return -0.5 if form.common or len(form.text) < 3 else 0.5
    if not own.isupper():
        return 0.5 if own[:1].isupper() and not form.common else -6.0
    if how is Casing.UPPER:
        return -0.5 if form.common and len(form.text) > 2 else 0.5
    return 1.5


def _word(form: Form, own: str, how: Casing, first: bool) -> float:
    capital = all(word[:1].isupper() or not word[:1].isalpha() or word in _SMALL for word in own.replace("-", " ").split())
    if form.words > 1:
        points = 0.5 if form.common else 3.0
        if not capital and how is not Casing.LOWER:
            points -= 4.5 if form.common else 2.0
        elif how is Casing.SENTENCE:
            points += 0.5
        return points
    if not form.common:
        return 2.0 if capital else 1.0 if how is Casing.LOWER else -0.5
    if form.text in vocabulary.ORDINARY:
        return -6.0
    if how is Casing.LOWER:
        return -1.4
    if not capital:
        return -6.0
    if how is Casing.SENTENCE:
        return -1.2 if first else 0.3
    return -1.2 if first else -1.8


_SMALL = frozenset({"of", "and", "the", "de", "for", "in", "du", "la", "&"})


def _context(form: Form, around: Surroundings) -> float:
    before, after = around.before, around.after
    nearest, following = (before[0] if before else ""), (after[0] if after else "")
    points = 1.2 if around.possessive else 0.0
    if not around.possessive:
        if following in vocabulary.STRONG_AFTER:
            points += 1.8
        elif following in vocabulary.FOLLOWS_COMPANY:
            points += 1.0
    if nearest in vocabulary.PRECEDES_COMPANY or (nearest in {"of", "in"} and len(before) > 1 and before[1] in vocabulary.BEFORE_OF):
        points += 1.2
    near = sum(word in vocabulary.BUSINESS for word in (*before[:_NEAR], *after[:_NEAR]))
    points += min(near, 3) * 0.4
    if nearest in vocabulary.DETERMINERS or nearest.isdecimal():
        points -= 2.0
    if following in vocabulary.NOT_COMPANY_AFTER.get(form.text, ()) or nearest in vocabulary.NOT_COMPANY_BEFORE.get(form.text, ()):
        points -= 3.0
    return points


def _neighbours(place: Place) -> float:
    """Points against an ordinary word in a sentence beside another capitalised word: "Orange County", "Oral Roberts"."""
    points = 0.0
    text = place.text
    if text[place.end : place.end + 1] == " ":
        following = text[place.end + 1 : place.end + 21].split(maxsplit=1)
        word = following[0].strip(",.:;()") if following else ""
        if word[:1].isupper() and word[1:2].islower() and word.lower() not in vocabulary.FOLLOWS_COMPANY:
            points += 1.0
    if place.start and text[place.start - 1] == " ":
        preceding = text[max(0, place.start - 21) : place.start - 1].rsplit(maxsplit=1)
        word = preceding[-1] if preceding else ""
        if word[:1].isupper() and word[1:].islower() and word.isalpha() and word.lower() not in vocabulary.PRECEDES_COMPANY:
            points += 0.7 if not begins_sentence(text, place.start - 1 - len(word)) else 0.0
    return points


_NETWORK_AGREES = {"ORG": 2.5, "MISC": 0.5, "LOC": -2.0, "PER": -2.0}
_FITS = {
    EntityKind.PERSON: "PER",
    EntityKind.COUNTRY: "LOC",
    EntityKind.PLACE: "LOC",
}
_ANY_LABEL = frozenset({EntityKind.INDEX, EntityKind.CURRENCY, EntityKind.COMMODITY, EntityKind.OTHER})


def network_points(kind: EntityKind, label: str | None, inside_longer: bool) -> float:
    """Return what the network's span at a place says about an entity of `kind`.

    Args:
        kind: of the entity.
        label: of the span that overlaps; None: there is none, and the network was asked.
        inside_longer: whether that span reaches well beyond the form: it is part of another name.
    """
    if label is None:
        return 0.0 if kind in _ANY_LABEL else -1.0
    wanted = _FITS.get(kind, "ORG")
    points = 2.5 if label == wanted else 0.5 if kind in _ANY_LABEL else _NETWORK_AGREES.get(label, 0.0) if wanted == "ORG" else -0.5
    return points - 3.0 if inside_longer else points


def entity_points(entity: Entity, form: Form, symbols: frozenset[str]) -> float:
    """Return what speaks for this entity among those of one name: the document's symbols, its size."""
    points = 4.0 if symbols and not symbols.isdisjoint(entity.symbols) else 0.0
    if entity.kind is EntityKind.COMPANY and (form.common or form.derived or form.acronym):
        weight = 0.35 if form.words == 1 else 0.2
        points += (entity.size - 4) * weight if entity.size else -3 * weight
    if any(not listing.exchange for listing in entity.listings):
        points += 0.1
    return points

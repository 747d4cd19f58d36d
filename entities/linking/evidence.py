"""How probable it is that a form means an entity where it stands: evidence for and against, added up.

The numbers are points, as the logarithm of odds would be: what speaks for a name adds, what speaks against it subtracts, and a sum of
zero or more links. They were set by hand on examples and measured by `squall entities evaluate`.
"""

from __future__ import annotations

from typing import NamedTuple

from squall.core.records import EntityKind
from squall.entities.catalogue.common_words import is_common
from squall.entities.linking import vocabulary
from squall.entities.linking.forms.table import Form
from squall.entities.linking.letters import letter_points
from squall.entities.linking.network_spans import NetworkSays
from squall.entities.linking.place import Casing, Place, begins_sentence, casing
from squall.entities.scripts import is_caseless

THRESHOLD = 0.0
"""The least sum that links."""
CERTAIN = 10.0
"""A ticker of the entity stands beside the name."""

_NEAR = 5
_SHORT = 5
_LONG_NAME = 60
_TIES = frozenset("-/_'’.")
_HEADS = 12
"""A name that heads a text, before a colon, begins within so many characters."""


class Evidence(NamedTuple):
    """Points for a form at a place.

    Args:
        letters: what its letters say.
        context: what companies have and do, beside it.
        rest: everything else.
    """

    letters: float
    context: float
    rest: float


def score(form: Form, kind: EntityKind, place: Place) -> float:
    """Return how much speaks for `form` naming something of `kind` at `place`, by its letters and the words around."""
    return sum(evidence(form, kind, place))


def evidence(form: Form, kind: EntityKind, place: Place) -> Evidence:
    """Return `score` in its parts."""
    if kind in _THINGS:
        return Evidence(0.0, 0.0, _thing(form, place))
    own = place.text[place.start : place.end]
    letters, context, points = letter_points(form, kind, place), 0.0, 0.0
    if form.derived:
        points -= _shortened(form, place)
    if len(form.text) <= _SHORT and _is_tail(place):
        points -= 3.0
    if form.common or form.acronym or form.derived:
        context = _context(form, place)
        if form.words == 1 and place.text[place.end : place.end + 1] == ":" and place.start <= _HEADS:
            points += 1.0
    if kind is EntityKind.COMPANY:
        if form.words == 1 and _is_descriptor(form, place):
            points -= 2.5
        if form.words == 1 and own[:1].isupper() and _is_persons(form, place):
            points -= 4.0
        if _names_a_thing(place):
            points -= 4.0
        if form.words == 1 and not vocabulary.PERSONAL_VERBS.isdisjoint(place.after[:1]):
            points -= 2.5
        if form.text in vocabulary.PLACES:
            points -= 2.0 if not vocabulary.BEFORE_PLACES.isdisjoint(place.before[:1]) else 0.5
    if kind in _LANDS:
        points -= _inside_a_name(place)
    elif form.words == 1 and own[:1].isupper() and (form.common or form.acronym or form.derived) and _in_sentence(place):
        points -= _neighbours(place, 1.2, 1.5) if form.derived else _neighbours(place, 1.0, 1.0)
    elif form.words == 1 and form.derived and own[:1].isupper():
        points -= _neighbours(place, 0.6, 0.0)
    return Evidence(letters, context, points)


def _shortened(form: Form, place: Place) -> float:
    """Points against a beginning of a name that stands for all of it: "Antares" before "Pharma" is not Antares Vision."""
    if form.words > 1:
        return 0.5
    points = 1.7 if form.text in vocabulary.PERSONS_NAMES else 0.9
    if form.common and not begins_sentence(place.text, place.start):
        points += 1.2
    if place.after and not place.possessive and place.after[0] in vocabulary.DESCRIPTORS:
        points += 2.0
    return points


def _in_sentence(place: Place) -> bool:
    return casing(place.text, place.start, place.end) is Casing.SENTENCE


def hopeless(form: Form, kind: EntityKind, text: str, start: int, end: int) -> bool:
    """Whether a form that is an ordinary word is plainly that: small, and not all around it is small; or a part of `US$`. Told cheaply."""
    if text[end : end + 1] == "$":  # US$5
        return True
    if not form.common or form.words > 1 or kind in _THINGS or text[start].isupper() or is_caseless(text[start]):
        return False
    if form.acronym and text[start:end].isupper():  # 3M
        return False
    return form.text in vocabulary.ORDINARY or not text[max(0, start - _SMALL_AROUND) : end + _SMALL_AROUND].islower()


_SMALL_AROUND = 90
_THINGS = frozenset({EntityKind.COMMODITY, EntityKind.CURRENCY})
_LANDS = frozenset({EntityKind.COUNTRY, EntityKind.PLACE})
_OF_LAND = frozenset({"bank", "university", "gulf", "corporation", "corp", "company", "academy", "institute"})
"""Before "of" and a country, they make a name of another thing."""


def _inside_a_name(place: Place) -> float:
    """Points against a country within the name of another thing: "Bank of India", "India Cements"."""
    if place.before[:1] == ["of"] and not _OF_LAND.isdisjoint(place.before[1:3]):
        return 3.0
    if place.text[place.start].isupper() and _in_sentence(place):
        return _neighbours(place, 2.5, 1.5)
    return 0.0


def _thing(form: Form, place: Place) -> float:
    """Points of commodities and currencies, which are written small: their market must be near, and no other name around them."""
    own = place.text[place.start : place.end]
    points = 1.0 if form.words > 1 or not form.common else -0.2
    if form.acronym and form.words == 1 and not own.isupper():
        points -= 3.0
    near = sum(word in vocabulary.MARKET for word in (*place.before[:_NEAR], *place.after[:_NEAR]))
    points += min(near, 3) * 0.4
    if is_fixed_phrase(form, place):
        points -= 3.0
    if own[:1].isupper() and form.words == 1:
        points -= _neighbours(place, 2.5, 2.5) if _in_sentence(place) else _neighbours(place, 0.0, 1.0)
    return points


def _is_persons(form: Form, place: Place) -> bool:
    """Whether it is a part of a person's name: "Harrison Ford", "William H. Macy", "Governor Abbott", "Simon Wolfson"."""
    text, before = place.text, place.before
    following = text[place.end + 1 : place.end + 3] if text[place.end : place.end + 1] == " " else ""
    if form.text in vocabulary.PERSONS_NAMES and following[:1].isupper() and following[1:].islower() and place.after[0] not in _CORPORATE:
        return casing(text, place.start, place.end) is Casing.SENTENCE
    if text[place.start - 1 : place.start] != " " or not before:
        return False
    nearest = before[0]
    if len(nearest) == 1 and text[place.start - 2 : place.start - 1] == ".":
        return before[1:2] != [] and before[1] in vocabulary.PERSONS_NAMES
    capital = text[place.start - 1 - len(nearest) : place.start - len(nearest)].isupper()
    return capital and (nearest in vocabulary.PERSONS_NAMES or nearest in vocabulary.TITLES)


def _names_a_thing(place: Place) -> bool:
    """Whether a place, a prize or the like is named after it: "Barclays Center", "Ford Foundation", "River Trent", "Temple of Nike"."""
    nearest, *further = place.before or [""]
    capital = place.text[place.start].isupper() and place.text[place.start - 1 : place.start] == " "
    if capital and (nearest in vocabulary.BEFORE_THINGS or (nearest == "of" and not vocabulary.THINGS_OF.isdisjoint(further[:1]))):
        return True
    if place.possessive or not place.after or place.text[place.end : place.end + 1] != " ":
        return False
    if place.after[0] in vocabulary.THINGS:
        return place.text[place.end + 1].isupper() or place.text[place.start].islower()
    if place.after[0] in vocabulary.FOLLOWS_COMPANY or vocabulary.LONG_THINGS.isdisjoint(place.after[1:3]):
        return False
    words = place.text[place.end : place.end + _LONG_NAME].split()[:3]
    at = next((at for at, word in enumerate(words) if word.lower().strip(",.:;") in vocabulary.LONG_THINGS), len(words))
    return at < len(words) and all(word[:1].isupper() and word.isalpha() for word in words[:at]) and words[at][:1].isupper()


def _is_descriptor(form: Form, place: Place) -> bool:
    """Whether what stands here is the last word of another name: "JBM Auto", "Nucleus Software"."""
    if form.text not in vocabulary.DESCRIPTORS or place.text[place.start - 1 : place.start] != " " or not place.before:
        return False
    return place.text[place.start - 1 - len(place.before[0]) :][:1].isupper()


def _is_tail(place: Place) -> bool:
    """Whether what stands here is the end of something longer: `ALD` of "X-ALD", `E On` of "P/E On"."""
    if not place.start or place.text[place.start - 1] not in _TIES:
        return False
    return place.text[place.start - 1] == "." or (place.start > 1 and place.text[place.start - 2].isalpha())


_MOVES = frozenset({" +", " -", " –"})
"""Before a figure, after a name: "Kraft +3%"."""


def _context(form: Form, place: Place) -> float:
    before, after = place.before, place.after
    nearest, following = (before[0] if before else ""), (after[0] if after else "")
    points = 1.2 if place.possessive else 0.0
    if not place.possessive:
        if following in vocabulary.STRONG_AFTER:
            points += 1.8
        elif following in vocabulary.AUXILIARIES:
            points += 1.2 if following == "to" and not vocabulary.INFINITIVES.isdisjoint(after[1:2]) else 0.6
        elif following in vocabulary.FOLLOWS_COMPANY:
            points += 1.0
        elif following == "of" and form.words == 1:
            points -= 1.5
    if place.text[place.end : place.end + 2] in _MOVES and place.text[place.end + 2 : place.end + 3].isdecimal():
        points += 1.5
    if nearest in vocabulary.PRECEDES_COMPANY or (nearest in {"of", "in"} and len(before) > 1 and before[1] in vocabulary.BEFORE_OF):
        points += 1.2
    near = sum(word in vocabulary.BUSINESS for word in (*before[:_NEAR], *after[:_NEAR]))
    points += min(near, 3) * 0.4
    if nearest in vocabulary.DETERMINERS or (nearest.isdecimal() and place.text[place.start - 1 : place.start] != "-"):
        points -= 2.0
    return points - 3.0 if is_fixed_phrase(form, place) else points


def is_fixed_phrase(form: Form, place: Place) -> bool:
    """Whether a word is part of a phrase that has its own meaning: "price target", "visa applications"."""
    if place.after and place.after[0] in vocabulary.NOT_COMPANY_AFTER.get(form.text, ()):
        return True
    return place.before[:1] != [] and place.before[0] in vocabulary.NOT_COMPANY_BEFORE.get(form.text, ())


_CORPORATE = vocabulary.FOLLOWS_COMPANY | vocabulary.LEGAL_FORMS


def _neighbours(place: Place, before_other: float, after_other: float) -> float:
    """Points against a word in a sentence beside another capitalised word: "Orange County", "Merit Medical", "India Cements".

    Args:
        place: where it stands.
        before_other: points where another name follows.
        after_other: points where one stands before it; an ordinary word that begins the sentence is none.
    """
    points = 0.0
    text = place.text
    if text[place.end : place.end + 1] == " ":
        following = text[place.end + 1 : place.end + 21].split(maxsplit=1)
        word = following[0].strip(",.:;()") if following else ""
        if word[:1].isupper() and word[1:2].islower() and word.lower() not in _CORPORATE:
            points += before_other
    if place.start and text[place.start - 1] == " ":
        preceding = text[max(0, place.start - 21) : place.start - 1].rsplit(maxsplit=1)
        word = preceding[-1] if preceding else ""
        if word[:1].isupper() and word[1:].islower() and word.isalpha() and word.lower() not in vocabulary.PRECEDES_COMPANY:
            opens = begins_sentence(text, place.start - 1 - len(word))
            points += after_other if not opens or not is_common(word) else 0.0
    return points


_NETWORK_AGREES = {"ORG": 2.5, "MISC": 0.5, "LOC": -2.0, "PER": -2.0}
_NETWORK_TOO_WILLING = 0.5
"""Points that an organisation's span counts less for a form that needs context: of ordinary words the network calls too many names."""
_NETWORK_DENIES = 1.0
"""Points that a person's or a place's span counts more against such a form."""
_FITS = {
    EntityKind.PERSON: "PER",
    EntityKind.COUNTRY: "LOC",
    EntityKind.PLACE: "LOC",
}
_ANY_LABEL = frozenset({EntityKind.INDEX, EntityKind.CURRENCY, EntityKind.COMMODITY, EntityKind.OTHER})


def network_points(form: Form, kind: EntityKind, said: NetworkSays) -> float:
    """Return what the network's span at a place says about an entity of `kind`.

    Args:
        form: that stands there.
        kind: of the entity.
        said: of the network, which was asked.
    """
    label = said.label
    if label is None:
        return 0.0 if kind in _ANY_LABEL else -1.0
    wanted = _FITS.get(kind, "ORG")
    points = 2.5 if label == wanted else 0.5 if kind in _ANY_LABEL else _NETWORK_AGREES.get(label, 0.0) if wanted == "ORG" else -0.5
    if wanted == "ORG" and kind not in _ANY_LABEL and (form.common or form.acronym or form.derived):
        points -= _NETWORK_TOO_WILLING if label == "ORG" else _NETWORK_DENIES if label in {"PER", "LOC"} else 0.0
    return points - 3.0 if said.longer else points

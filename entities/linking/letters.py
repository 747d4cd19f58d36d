"""What the letters of a form say where it stands: capitals, single letters, digits."""

from __future__ import annotations

from squall.core.records import EntityKind
from squall.entities.linking import vocabulary
from squall.entities.linking.forms.table import Form
from squall.entities.linking.place import Casing, Place, begins_sentence, casing
from squall.entities.scripts import is_caseless

NEVER = -20.0
"""Whatever stands around, this is no name."""
_NUMBER = -2.4
"""Only the network, a ticker or the document's symbols make a company of a number: "888"."""
_SURE_LETTERS = 4
"""A small abbreviation of fewer letters can be anything."""
_SMALL = frozenset({"of", "and", "the", "de", "for", "in", "du", "la", "&"})
_CASELESS = 1.0
_DIGIT_SEPARATORS = frozenset(",.'’ :/-")
_CURRENCIES = frozenset("$€£¥₹#+±~")


def letter_points(form: Form, kind: EntityKind, place: Place) -> float:
    """Return how far the letters speak for `form` naming something of `kind` at `place`."""
    own = place.text[place.start : place.end]
    if form.is_number:
        return NEVER if _is_amount(place, own) else _NUMBER
    if own[0].isdecimal() and _continues_amount(place):
        return NEVER
    if form.is_spelled:
        return 2.0 if own.isupper() and own[1::2] == "." * (form.words - 1) else NEVER
    if form.words > 1:
        return _several_words(form, place, own)
    if form.acronym and not (form.common and own[:1].isupper() and own[1:].islower()):
        return _acronym(form, kind, own, casing(place.text, place.start, place.end))
    return _word(form, place, own)


def _is_amount(place: Place, own: str) -> bool:
    """Whether a number is plainly that: "1,800", "$888", "111%", "1847–1901"; and "888 people", but not "888 shares fall"."""
    following = place.text[place.end : place.end + 2]
    if not own.isdecimal() or _continues_amount(place):
        return True
    return following[:1] == "%" or (following[:1] in _DIGIT_SEPARATORS and following[1:].isdecimal())


def _continues_amount(place: Place) -> bool:
    """Whether a currency or more digits stand before digits: "$3M", "1.3M"."""
    text, start = place.text, place.start
    if text[start - 1 : start] in _CURRENCIES:
        return start > 0
    return text[start - 1 : start] in _DIGIT_SEPARATORS and text[start - 2 : start - 1].isdecimal()


def _acronym(form: Form, kind: EntityKind, own: str, how: Casing) -> float:
    if kind is EntityKind.COMPANY and form.text in vocabulary.NOT_TICKERS:
        return -5.0
    if len(form.text) == 1:
        return -1.5 if how is Casing.SENTENCE and own.isupper() else -6.0
    if how is Casing.LOWER:
        return -2.5 if form.common else -0.5 if len(form.text) < _SURE_LETTERS else 0.5
    if not own.isupper():
        return 0.5 if own[:1].isupper() and not form.common else -6.0
    if how is Casing.UPPER:
        return -0.5 if form.common and len(form.text) > 2 else 0.5
    return 1.5


def _several_words(form: Form, place: Place, own: str) -> float:
    points = 0.7 if form.common else 3.0
    words = own.replace("-", " ").split()
    if vocabulary.ORDINARY.issuperset(form.text.split()):
        return -6.0
    if all(not word[:1].islower() or word in _SMALL for word in words) and not own.islower():
        return points
    if casing(place.text, place.start, place.end) is Casing.LOWER:
        return points - 1.5 if form.common else points
    return points - 4.5 if form.common else points - 1.5


def _word(form: Form, place: Place, own: str) -> float:
    capital = own[:1].isupper() or not own[:1].isalpha()
    if not form.common and capital:
        return 2.0
    if is_caseless(own[0]):  # neither for nor against
        return -2.0 if form.common else 0.0 if form.derived else _CASELESS
    how = casing(place.text, place.start, place.end)
    if not form.common:
        return -0.5 if how is not Casing.LOWER else 0.0 if form.derived else 1.0
    if form.text in vocabulary.ORDINARY:
        return -6.0
    if how is Casing.LOWER:
        return -1.2 if form.text in vocabulary.MOSTLY_NAMES else -2.0
    if not capital:
        return -6.0
    first = begins_sentence(place.text, place.start)
    if how is Casing.SENTENCE and not first:
        return 0.8 if form.text in vocabulary.MOSTLY_NAMES else 0.3
    if form.text in vocabulary.MOSTLY_NAMES:
        return -0.4
    if form.text in vocabulary.MODIFIERS and not place.possessive and vocabulary.STRONG_VERBS.isdisjoint(place.after[:1]):
        return -1.8
    return -1.2 if first else -1.8

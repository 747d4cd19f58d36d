"""What the network takes for a part of a company's name and is none: "KSU Kansas City Southern", "Den demerger", "Ford India"."""

from __future__ import annotations

from typing import Final

from squall.entities.linking.found.not_names import PARTICLES
from squall.entities.names import is_legal_form

_REACH: Final = 300
"""Characters on each side of a name in which its cashtag is looked for; bounded, so that time is linear."""
_LANDS: Final = frozenset(
    (
        *("america", "asia", "asia pacific", "australia", "brazil", "britain", "canada", "china", "europe", "france", "germany"),
        *("hong kong", "india", "indonesia", "ireland", "italy", "japan", "korea", "latin america", "malaysia", "mexico"),
        *("north america", "russia", "singapore", "south africa", "spain", "thailand", "turkey", "uk", "us", "usa", "vietnam"),
    )
)
"""Behind a company's name, they name its business there."""
_OF_NAMES: Final = PARTICLES | {"de", "del", "della", "der", "di", "do", "dos", "du", "la", "le", "van", "von", "y", "e", "et", "und"}
"""Small words that names have: "University of Phoenix", "Antoine de Saint-Affrique"."""


def is_same_company(text: str, begin: int, start: int, end: int, stop: int) -> bool:
    """Whether what `text[begin:stop]` has beyond the company's name `text[start:end]` leaves it that company.

    That is so for tickers before it, of which the text has the cashtag, for words that are written small, for the name of a country or
    continent behind it ("Ford India" is Ford's), and for legal forms.
    """
    if not text[start].isupper():
        return False
    before, after = text[begin:start], text[end:stop]
    return _is_none_of_it(before, after, text[max(0, start - _REACH) : end + _REACH]) and not before[-1:].strip()


def _is_none_of_it(before: str, after: str, around: str) -> bool:
    leading, following = before.split(), after.split()
    if leading and not _is_small(leading[-1]) and not all(word.isupper() and f"${word}" in around for word in leading):
        return False
    if not following or is_legal_form(after):
        return True
    return after[:1] == " " and (_is_small(following[0]) or " ".join(following).lower() in _LANDS)


def _is_small(word: str) -> bool:
    return word.islower() and word.isalpha() and word not in _OF_NAMES

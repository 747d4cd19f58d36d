"""What a name's bearer does for a living: a broker, a law firm, a medium, an exchange, by the lists and by what it is called.

Names of the tables go by the lists only. Those that only the network found go by their endings too ("… Capital Markets", "… LLP") and by
what stands before them ("short seller Culper").
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from squall.core.records import EntityKind
from squall.entities.linking import vocabulary
from squall.entities.linking.candidates import Candidate
from squall.entities.linking.folding import fold_name
from squall.entities.linking.found.names import PREFIX

_MOST_DESCRIBED = 3
"""Words before a name that describe it."""
_MOST_ENDING = 3
_MOST_PARTNERS = 4
_LONGEST_WORD = 40


def is_found(candidate: Candidate) -> bool:
    """Whether no table knows the name."""
    return candidate.entity.id.startswith(PREFIX)


def whole(candidate: Candidate) -> Candidate:
    """Return the candidate with what its bearer is called behind it: networks mark "Rosen" of "Rosen Law Firm"."""
    place = candidate.place
    if not is_found(candidate) or place.possessive or candidate.entity.kind is not EntityKind.ORGANISATION:
        return candidate
    at = 0
    while place.after[at : at + 1] == ["&"] and at < _MOST_PARTNERS:  # "Glancy Prongay & Murray LLP"
        at += 2
    count = next(
        (n for n in range(_MOST_ENDING, 0, -1) if " ".join(place.after[at : at + n]) in _ENDINGS and len(place.after) >= at + n), 0
    )
    if not count:
        return candidate
    end = candidate.end
    text = place.text
    for word in place.after[: at + count]:
        if text[end : end + 1] != " " or not (text[end + 1 : end + 2].isupper() or word == "&"):
            return candidate
        stop = text.find(" ", end + 1, end + _LONGEST_WORD)
        end = stop if stop > 0 else min(len(text), end + 1 + len(word))
    own = " ".join(place.after[: at + count])
    end -= len(text[candidate.end : end]) - len(text[candidate.end : end].rstrip(",:;.)'’"))
    return replace(candidate, end=end, place=place._replace(name=f"{place.name} {own}", after=place.after[at + count :], end=end))


def is_listed(candidate: Candidate) -> bool:
    """Whether the lists have the name, whatever kind the network took it for."""
    return _is(candidate, _LISTED)


def is_agency(candidate: Candidate) -> bool:
    """Whether the name is that of a rating agency."""
    return _is(candidate, vocabulary.AGENCIES) or (is_found(candidate) and _name(candidate).endswith(" ratings"))


def is_house(candidate: Candidate) -> bool:
    """Whether the name is that of a broker, a rating agency or a research house."""
    return _is(candidate, _HOUSES, vocabulary.HOUSE_ENDS, vocabulary.HOUSE_BEFORE)


def is_researcher(candidate: Candidate) -> bool:
    """Whether the name is that of a house that only reports on others: its report is no report of its own figures."""
    return _is(candidate, vocabulary.RESEARCHERS, _RESEARCH, vocabulary.RESEARCHER_BEFORE)


def is_law_firm(candidate: Candidate) -> bool:
    """Whether the name is that of a law firm."""
    name = _name(candidate)
    if name.startswith(_LAW_OFFICES) or _ends(name, vocabulary.LAW_ENDS):  # what a table knows may be solicitors too: "Pomerantz LLP"
        return True
    return _is(candidate, _LAW_FIRMS, (), vocabulary.LAW_BEFORE)


def counsels(candidate: Candidate) -> bool:
    """Whether the name is that of a firm that companies hire: it calls on no shareholders."""
    return _is(candidate, vocabulary.COUNSEL)


def is_partnership(candidate: Candidate) -> bool:
    """Whether the name is one of partners, as a law firm's is, and others' too: "Zorn, Pell & Hardy"."""
    words = candidate.place.name.split()
    return is_found(candidate) and len(words) > 2 and words[-2] in _AND and words[-1] not in _NO_PARTNERS


def is_medium(candidate: Candidate) -> bool:
    """Whether the name is that of an agency, a newspaper, a station or the like."""
    return _is(candidate, vocabulary.MEDIA, vocabulary.MEDIA_ENDS, vocabulary.MEDIUM_BEFORE)


def is_exchange(candidate: Candidate) -> bool:
    """Whether the name is that of an exchange."""
    if _is(candidate, vocabulary.EXCHANGES, vocabulary.EXCHANGE_ENDS, vocabulary.EXCHANGE_BEFORE):
        return True
    return is_found(candidate) and not vocabulary.EXCHANGE_STARTS.isdisjoint(candidate.place.name.split()[:1])


_ENDINGS = vocabulary.HOUSE_ENDS | vocabulary.LAW_ENDS | vocabulary.MEDIA_ENDS | vocabulary.EXCHANGE_ENDS
_HOUSES = vocabulary.BROKERS | vocabulary.AGENCIES | vocabulary.RESEARCHERS
_LAW_FIRMS = vocabulary.LAW_FIRMS | vocabulary.COUNSEL
_RESEARCH = frozenset({"research"})
_LISTED = _HOUSES | _LAW_FIRMS | vocabulary.MEDIA | vocabulary.EXCHANGES
_LAW_OFFICES = ("law offices of", "the law offices of", "law office of")
_AND = frozenset({"&", "and"})
_NO_PARTNERS = vocabulary.LEGAL_FORMS | vocabulary.DESCRIPTORS


def _name(candidate: Candidate) -> str:
    """What stands there, folded, with one space between words: signs fold to a space each."""
    return " ".join(candidate.place.name.split())


@lru_cache(4096)
def _one_spaced(name: str) -> str:
    return " ".join(fold_name(name).split())


def _is(
    candidate: Candidate, names: frozenset[str], endings: frozenset[str] | tuple[()] = (), before: frozenset[str] = frozenset()
) -> bool:
    """Whether a name is one of `names`, or, where no table knows it, has one of the endings or one of the descriptions before it."""
    name = _name(candidate)
    if name in names or _one_spaced(candidate.entity.name) in names:
        return True
    if not is_found(candidate):
        return False
    return _ends(name, endings) or _shorter(name) in names or is_described(candidate, before)


def _shorter(name: str) -> str:
    """A name without its last word where that tells what a house is: "Muddy Waters" of "Muddy Waters Capital"."""
    rest, _, last = name.rpartition(" ")
    return rest if last in vocabulary.HOUSE_ENDS else name


def is_described(candidate: Candidate, phrases: frozenset[str]) -> bool:
    """Whether one of `phrases` stands directly before the name: "short seller Culper"."""
    nearest = candidate.place.before[:_MOST_DESCRIBED]
    return any(" ".join(reversed(nearest[:count])) in phrases for count in range(1, len(nearest) + 1))


def _ends(name: str, endings: frozenset[str] | tuple[()]) -> bool:
    """Whether a name of more words than that ends in one of `endings`, legal forms aside: "Pell Securities Inc"."""
    words = name.split()
    while len(words) > 1 and words[-1] in vocabulary.LEGAL_FORMS and " ".join(words[-2:]) not in endings:
        words.pop()
    return any(" ".join(words[-count:]) in endings for count in range(1, min(_MOST_ENDING + 1, len(words))))

"""What a name's bearer does for a living: a broker, a law firm, a medium, an exchange, by the lists and by what it is called.

Names of the tables go by the lists only. Those that only the network found go by their endings too ("… Capital Markets", "… LLP") and by
what stands before them ("short seller Culper").
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

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
_MOST_CACHED = 16_384


def is_found(candidate: Candidate) -> bool:
    """Whether no table knows the name."""
    return candidate.entity.id.startswith(PREFIX)


def whole(candidate: Candidate) -> Candidate:
    """Return the candidate with what its bearer is called behind it: networks mark "Rosen" of "Rosen Law Firm"."""
    place = candidate.place
    if not is_found(candidate) or place.possessive or candidate.entity.kind is not EntityKind.ORGANISATION:
        return candidate
    if not place.after or (place.after[0] not in _FIRST and place.after[0] != "&"):
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


def joined(found: Sequence[Candidate]) -> list[Candidate]:
    """Return the candidates; those whom "&" ties all stand where they do together: networks mark "Kirkland" and "Ellis".

    A name that a table knows is tied so only into one that the lists have.
    """
    result = list(found)
    begin = 0
    for number in range(1, len(result)):
        first, second = result[number - 1], result[number]
        name = f"{first.place.name} & {second.place.name}"
        one = (is_found(first) and is_found(second)) or name in _LISTED
        if not one or first.place.text[first.end : second.start].strip() not in _TIES:
            begin = number
            continue
        place = first.place._replace(
            end=second.end,
            name=name,
            after=second.place.after,
            possessive=second.place.possessive,
        )
        for at in range(max(begin, number - _MOST_PARTNERS), number + 1):
            result[at] = replace(result[at], start=first.start, end=second.end, place=place)
    return result


def has_profession(candidate: Candidate) -> bool:
    """Whether the name may be that of any of these: of a table's, only if a list has it."""
    return is_found(candidate) or any(_called(candidate))


def is_listed(candidate: Candidate) -> bool:
    """Whether the lists have the name, whatever kind the network took it for."""
    return _called(candidate).listed


def is_agency(candidate: Candidate) -> bool:
    """Whether the name is that of a rating agency."""
    return _called(candidate).agency


def is_house(candidate: Candidate) -> bool:
    """Whether the name is that of a broker, a rating agency or a research house."""
    return _called(candidate).house or is_described(candidate, vocabulary.HOUSE_BEFORE)


def is_researcher(candidate: Candidate) -> bool:
    """Whether the name is that of a house that only reports on others: its report is no report of its own figures."""
    return _called(candidate).researcher or is_described(candidate, vocabulary.RESEARCHER_BEFORE)


def is_law_firm(candidate: Candidate) -> bool:
    """Whether the name is that of a law firm."""
    return _called(candidate).law_firm or is_described(candidate, vocabulary.LAW_BEFORE)


def counsels(candidate: Candidate) -> bool:
    """Whether the name is that of a firm that companies hire: it calls on no shareholders."""
    return _called(candidate).counsel


def is_partnership(candidate: Candidate) -> bool:
    """Whether the name is one of partners, as a law firm's is, and others' too: "Zorn, Pell & Hardy"."""
    return _called(candidate).partnership


def is_medium(candidate: Candidate) -> bool:
    """Whether the name is that of an agency, a newspaper, a station or the like."""
    return _called(candidate).medium or is_described(candidate, vocabulary.MEDIUM_BEFORE)


def is_exchange(candidate: Candidate) -> bool:
    """Whether the name is that of an exchange."""
    return _called(candidate).exchange or is_described(candidate, vocabulary.EXCHANGE_BEFORE)


def is_described(candidate: Candidate, phrases: frozenset[str]) -> bool:
    """Whether one of `phrases` stands directly before a name that no table knows: "short seller Culper"."""
    before = candidate.place.before
    if not before or before[0] not in _DESCRIBE or not is_found(candidate):
        return False
    nearest = before[:_MOST_DESCRIBED]
    return any(" ".join(reversed(nearest[:count])) in phrases for count in range(1, len(nearest) + 1))


class _Professions(NamedTuple):
    """What a name says that its bearer does."""

    house: bool
    agency: bool
    researcher: bool
    law_firm: bool
    counsel: bool
    partnership: bool
    medium: bool
    exchange: bool
    listed: bool


def _called(candidate: Candidate) -> _Professions:
    return _professions(candidate.place.name, candidate.entity.name, is_found(candidate))


@lru_cache(_MOST_CACHED)
def _professions(folded: str, shown: str, found: bool) -> _Professions:
    """Return what a name says, which is `folded` where it stands, one of `shown`; its endings count where no table knows it."""
    name = " ".join(folded.split())  # signs fold to a space each
    names = {name, " ".join(fold_name(shown).split())} | ({_shorter(name)} if found else set())
    words = name.split()
    endings = _endings(words)
    by_name = endings if found else frozenset()
    house, law_firm = not names.isdisjoint(_HOUSES), not names.isdisjoint(_LAW_FIRMS)
    medium, exchange = not names.isdisjoint(vocabulary.MEDIA), not names.isdisjoint(vocabulary.EXCHANGES)
    return _Professions(
        house=house or not by_name.isdisjoint(vocabulary.HOUSE_ENDS),
        agency=not names.isdisjoint(vocabulary.AGENCIES) or "ratings" in by_name,
        researcher=not names.isdisjoint(vocabulary.RESEARCHERS) or "research" in by_name,
        law_firm=law_firm or name.startswith(_LAW_OFFICES) or not endings.isdisjoint(vocabulary.LAW_ENDS),  # of tables too: "Pomerantz LLP"
        counsel=not names.isdisjoint(vocabulary.COUNSEL),
        partnership=found and len(words) > 2 and words[-2] in _AND and words[-1] not in _NO_PARTNERS,
        medium=medium or not by_name.isdisjoint(vocabulary.MEDIA_ENDS),
        exchange=exchange
        or not by_name.isdisjoint(vocabulary.EXCHANGE_ENDS)
        or (found and not vocabulary.EXCHANGE_STARTS.isdisjoint(words[:1])),
        listed=house or law_firm or medium or exchange,
    )


def _endings(words: Sequence[str]) -> frozenset[str]:
    """The last one to three words of a name that has more, and those before its legal form: "Pell Securities Inc"."""
    bare = len(words)
    while bare > 1 and words[bare - 1] in vocabulary.LEGAL_FORMS:
        bare -= 1
    return frozenset(
        " ".join(words[end - count : end]) for end in (len(words), bare) for count in range(1, _MOST_ENDING + 1) if count < end
    )


def _shorter(name: str) -> str:
    """A name without its last word where that tells what a house is: "Muddy Waters" of "Muddy Waters Capital"."""
    rest, _, last = name.rpartition(" ")
    return rest if last in vocabulary.HOUSE_ENDS else name


_ENDINGS = vocabulary.HOUSE_ENDS | vocabulary.LAW_ENDS | vocabulary.MEDIA_ENDS | vocabulary.EXCHANGE_ENDS
_FIRST = frozenset(phrase.split()[0] for phrase in _ENDINGS)
_HOUSES = vocabulary.BROKERS | vocabulary.AGENCIES | vocabulary.RESEARCHERS
_LAW_FIRMS = vocabulary.LAW_FIRMS | vocabulary.COUNSEL
_LAW_OFFICES = ("law offices of", "the law offices of", "law office of")
_LISTED = _HOUSES | _LAW_FIRMS | vocabulary.MEDIA | vocabulary.EXCHANGES
_TIES = frozenset({"&", "&amp;"})
_AND = frozenset({"&", "and"})
_NO_PARTNERS = vocabulary.LEGAL_FORMS | vocabulary.DESCRIPTORS
_DESCRIBE = frozenset(
    phrase.split()[-1]
    for phrases in (
        *(vocabulary.HOUSE_BEFORE, vocabulary.RESEARCHER_BEFORE, vocabulary.LAW_BEFORE),
        *(vocabulary.MEDIUM_BEFORE, vocabulary.EXCHANGE_BEFORE),
    )
    for phrase in phrases
)
"""Last words of the phrases that say what a name is."""

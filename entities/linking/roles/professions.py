"""What a name's bearer does for a living: a broker, a law firm, a medium, an exchange, by the lists and by what it is called.

Names of the tables go by the lists only. Those that only the network found go by their endings too ("… Capital Markets", "… LLP") and by
what stands before them ("short seller Culper").
"""

from __future__ import annotations

from squall.entities.linking import vocabulary
from squall.entities.linking.candidates import Candidate
from squall.entities.linking.folding import fold_name
from squall.entities.linking.found.names import PREFIX

_MOST_DESCRIBED = 3
"""Words before a name that describe it."""
_MOST_ENDING = 3


def is_found(candidate: Candidate) -> bool:
    """Whether no table knows the name."""
    return candidate.entity.id.startswith(PREFIX)


def is_agency(candidate: Candidate) -> bool:
    """Whether the name is that of a rating agency."""
    return _is(candidate, vocabulary.AGENCIES) or (is_found(candidate) and candidate.place.name.endswith(" ratings"))


def is_house(candidate: Candidate) -> bool:
    """Whether the name is that of a broker, a rating agency or a research house."""
    return _is(candidate, _HOUSES, vocabulary.HOUSE_ENDS, vocabulary.HOUSE_BEFORE)


def is_researcher(candidate: Candidate) -> bool:
    """Whether the name is that of a house that only reports on others: its report is no report of its own figures."""
    return _is(candidate, vocabulary.RESEARCHERS, _RESEARCH, vocabulary.RESEARCHER_BEFORE)


def is_law_firm(candidate: Candidate) -> bool:
    """Whether the name is that of a law firm."""
    name = candidate.place.name
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
    return is_found(candidate) and candidate.place.name.split()[0] in vocabulary.EXCHANGE_STARTS


_HOUSES = vocabulary.BROKERS | vocabulary.AGENCIES | vocabulary.RESEARCHERS
_LAW_FIRMS = vocabulary.LAW_FIRMS | vocabulary.COUNSEL
_RESEARCH = frozenset({"research"})
_LAW_OFFICES = ("law offices of", "the law offices of", "law office of")
_AND = frozenset({"&", "and"})
_NO_PARTNERS = vocabulary.LEGAL_FORMS | vocabulary.DESCRIPTORS


def _is(
    candidate: Candidate, names: frozenset[str], endings: frozenset[str] | tuple[()] = (), before: frozenset[str] = frozenset()
) -> bool:
    """Whether a name is one of `names`, or, where no table knows it, has one of the endings or one of the descriptions before it."""
    name = candidate.place.name
    if name in names or fold_name(candidate.entity.name) in names:
        return True
    return is_found(candidate) and (_ends(name, endings) or is_described(candidate, before))


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

"""What each name does in a text: most are what it is about; some rate, tell, advise, solicit, or are where something is traded."""

from __future__ import annotations

from collections.abc import Sequence

from squall.core.records import EntityKind
from squall.entities.linking import vocabulary
from squall.entities.linking.candidates import Candidate
from squall.entities.linking.link import Role
from squall.entities.linking.place import Place
from squall.entities.linking.roles import lawyers, persons
from squall.entities.linking.roles.authors import plainly_tells, tells
from squall.entities.linking.roles.exchanges import trades
from squall.entities.linking.roles.listings import listed
from squall.entities.linking.roles.other_names import without_other_names
from squall.entities.linking.roles.professions import (
    has_profession,
    is_exchange,
    is_found,
    is_house,
    is_law_firm,
    is_listed,
    is_medium,
    is_researcher,
    joined,
    whole,
)
from squall.entities.linking.roles.raters import rates
from squall.entities.linking.roles.researchers import advises_on_votes, plainly_rates, reports_on

_HOUSE = (EntityKind.COMPANY, EntityKind.ORGANISATION)
_ADDRESSED = frozenset({*_HOUSE, EntityKind.PERSON})
"""Persons in a solicitation are the lawyers, or run the company."""
_MAY_ACT = frozenset({*_HOUSE, EntityKind.INDEX, EntityKind.OTHER})
_SOLICITING = ("investor", "sharehold", "class action", "plaintiff", "investigat")
"""No solicitation lacks all of these."""
_EVENTS = frozenset({"conference", "summit", "forum", "symposium"})
_EVENT_WITHIN = 6
_MOST_TIED = 7
"""Names on, the next is looked for that is no part of one name with this one."""
_AND = frozenset({",", "and", "&", "/", ", and"})


def roles(folded: str, found: Sequence[Candidate]) -> list[Role]:
    """Return the role of each candidate's entity in the whole text: that of its first occurrence outside price lists.

    It is a subject all the same where the text says something of its own of it: "Goldman shares", "Reuters profit".

    Args:
        folded: the text, folded.
        found: the names that link, sorted by start.
    """
    found = joined(list(map(whole, found)))
    solicited = bool(found) and (_solicits(folded) or any(map(lawyers.solicits, found, found[1:])))
    prices = listed(found[0].place.text, found) if found else frozenset()
    decided: dict[str, Role] = {}
    own: set[str] = set()
    for number, (candidate, role) in enumerate(zip(found, _roles_in_order(found, solicited), strict=True)):
        if number in prices:
            continue
        decided.setdefault(candidate.entity.id, role)
        if role is Role.SUBJECT and candidate.place.after[:1] and candidate.place.after[0] in vocabulary.STRONG_AFTER:
            own.add(candidate.entity.id)
    return [Role.SUBJECT if candidate.entity.id in own else decided.get(candidate.entity.id, Role.LISTING) for candidate in found]


def _roles_in_order(found: Sequence[Candidate], solicited: bool) -> list[Role]:
    """Return the role of each place; of houses in a row that act together, each does: "Barclays, UBS raise Tesla targets"."""
    if solicited:
        return [_solicited(candidate) for candidate in found]
    result: list[Role] = []
    others = any(candidate.entity.id != found[0].entity.id for candidate in found)
    for number, candidate in enumerate(found):
        following = next((other for other in found[number + 1 : number + _MOST_TIED] if other.start >= candidate.end), None)
        previous = found[number - 1] if number and found[number - 1].end <= candidate.start else None
        judged = without_other_names(candidate, found, number) if others else candidate
        result.append(_role(judged, following, previous, result[-1] if number else None, others))
    for number in range(len(found) - 2, -1, -1):
        first, second = found[number], found[number + 1]
        if _is_one_person(first, second):
            result[number] = result[number + 1]
        if result[number] is not Role.SUBJECT or _between(first, second) not in _AND:
            continue
        if (result[number + 1] is Role.RATER and is_house(first)) or (result[number + 1] is Role.LAW_FIRM and is_law_firm(first)):
            result[number] = result[number + 1]
    return result


_QUOTED = frozenset({Role.RATER, Role.AUTHOR})


def _between(first: Candidate, second: Candidate) -> str:
    return first.place.text[first.end : second.start].strip()


def _is_one_person(first: Candidate, second: Candidate) -> bool:
    """Whether the network cut a person's name in two: "Jane" and "Doe"."""
    return (
        first.entity.kind is second.entity.kind is EntityKind.PERSON
        and first.end + 1 == second.start
        and first.place.text[first.end] == " "
    )


def _solicited(candidate: Candidate) -> Role:
    if is_law_firm(candidate):
        return Role.LAW_FIRM
    return Role.SOLICITATION if candidate.entity.kind in _ADDRESSED else Role.SUBJECT


def _role(candidate: Candidate, following: Candidate | None, previous: Candidate | None, role_before: Role | None, others: bool) -> Role:
    """Return the role of one place.

    Args:
        candidate: the name.
        following: the next name of the text.
        previous: the name before it.
        role_before: that one's role.
        others: whether the text names another.
    """
    kind = candidate.entity.kind
    role = Role.SUBJECT
    if kind in _MAY_ACT or (is_found(candidate) and is_listed(candidate)):  # "CNBC", which the network took for a place
        role = _organisations_role(candidate, following, previous, role_before, others)
    if kind is EntityKind.PERSON and role is Role.SUBJECT:
        role = persons.role_of(candidate, following, previous, others)
        if role is Role.SUBJECT and role_before in _QUOTED and previous is not None and persons.ends_after(candidate, previous):
            return role_before
    return role


def _organisations_role(
    candidate: Candidate, following: Candidate | None, previous: Candidate | None, role_before: Role | None, others: bool
) -> Role:
    if _hosts(candidate.place):
        return Role.HOST
    if role_before is not Role.RATER and not has_profession(candidate):
        return Role.SUBJECT
    previous_end = previous.end if previous is not None else None
    if is_house(candidate):
        together = previous is not None and role_before is Role.RATER and _between(previous, candidate) in _AND
        if together or rates(candidate, following, previous_end) or advises_on_votes(candidate, following):
            return Role.RATER
    if is_researcher(candidate) and reports_on(candidate, others):
        return Role.RATER
    if role_before is Role.RATER and previous is not None and persons.belongs_to(candidate, previous):
        return Role.RATER
    if is_medium(candidate) and tells(candidate, following):
        return Role.AUTHOR
    if is_exchange(candidate) and trades(candidate, following, others):
        return Role.EXCHANGE
    if lawyers.acts_for_others(candidate, others):
        return Role.LAW_FIRM
    if plainly_rates(candidate, following, others):
        return Role.RATER
    return Role.AUTHOR if plainly_tells(candidate, others) else Role.SUBJECT


def _solicits(folded: str) -> bool:
    if not any(stem in folded for stem in _SOLICITING):
        return False
    if any(phrase in folded for phrase in vocabulary.SOLICITS_STRONGLY):
        return True
    weak = sum(phrase in folded for phrase in vocabulary.SOLICITS)
    return weak >= 2 and any(f" {firm} " in folded for firm in vocabulary.LAW_FIRMS)


def _hosts(place: Place) -> bool:
    """Whether the name is part of a conference's at which something is presented."""
    if place.possessive or not (place.before[:1] == ["at"] or place.before[:2] == ["the", "at"]):
        return False
    following = place.after[: _EVENT_WITHIN + 1]
    return any(word in _EVENTS and following[number + 1 : number + 2] != ["call"] for number, word in enumerate(following[:_EVENT_WITHIN]))

"""What each name does in a text: most are what it is about; some rate, tell, solicit, or are where something is traded."""

from __future__ import annotations

from collections.abc import Sequence

from squall.core.records import EntityKind
from squall.entities.linking import vocabulary
from squall.entities.linking.candidates import Candidate
from squall.entities.linking.folding import fold_name
from squall.entities.linking.link import Role
from squall.entities.linking.place import Place
from squall.entities.linking.roles.authors import tells
from squall.entities.linking.roles.listings import listed
from squall.entities.linking.roles.raters import is_house, rates

_HOUSE = (EntityKind.COMPANY, EntityKind.ORGANISATION)
_MAY_ACT = frozenset({*_HOUSE, EntityKind.INDEX, EntityKind.OTHER})
_SOLICITING = ("investor", "sharehold", "class action", "plaintiff", "investigat")
"""No solicitation lacks all of these."""
_EVENTS = frozenset({"conference", "summit", "forum", "symposium"})
_EVENT_WITHIN = 6
_AND = frozenset({",", "and", "&", "/", ", and"})


def roles(folded: str, found: Sequence[Candidate]) -> list[Role]:
    """Return the role of each candidate's entity in the whole text: that of its first occurrence outside price lists.

    It is a subject all the same where the text says something of its own of it: "Goldman shares", "Reuters profit".

    Args:
        folded: the text, folded.
        found: the names that link, sorted by start.
    """
    solicited = bool(found) and _solicits(folded)
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
    """Return the role of each place; of houses in a row that rate together, each rates: "Barclays, UBS raise Tesla targets"."""
    result: list[Role] = []
    previous: tuple[Role, int] | None = None
    for number, candidate in enumerate(found):
        following = found[number + 1] if number + 1 < len(found) else None
        role = _role(candidate, following, previous, solicited)
        previous = (role, candidate.end)
        result.append(role)
    for number in range(len(found) - 2, -1, -1):
        first, second = found[number], found[number + 1]
        together = result[number] is Role.SUBJECT and result[number + 1] is Role.RATER and is_house(first)
        if together and first.place.text[first.end : second.start].strip() in _AND:
            result[number] = Role.RATER
    return result


def _role(candidate: Candidate, following: Candidate | None, previous: tuple[Role, int] | None, solicited: bool) -> Role:
    kind, name = candidate.entity.kind, candidate.place.name
    if solicited:
        if name in vocabulary.LAW_FIRMS or name.endswith((" llp", " law firm", " law")):
            return Role.LAW_FIRM
        return Role.SOLICITATION if kind in _HOUSE else Role.SUBJECT
    if kind not in _MAY_ACT:
        return Role.SUBJECT
    if _hosts(candidate.place):
        return Role.HOST
    names = {name, fold_name(candidate.entity.name)}
    if is_house(candidate):
        between = candidate.place.text[previous[1] : candidate.start].strip() if previous and previous[0] is Role.RATER else None
        if between in _AND or rates(candidate, following, previous[1] if previous else None):
            return Role.RATER
    if not names.isdisjoint(vocabulary.MEDIA) and tells(candidate):
        return Role.AUTHOR
    if not names.isdisjoint(vocabulary.EXCHANGES) and _trades(candidate.place):
        return Role.EXCHANGE
    return Role.SUBJECT


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


def _trades(place: Place) -> bool:
    before = place.before
    nearest = before[0] if before else ""
    following = place.after[0] if place.after else ""
    if following in vocabulary.EXCHANGE_AFTER:
        return True
    return nearest == "on" or (nearest == "the" and len(before) > 1 and before[1] == "on")

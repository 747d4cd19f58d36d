"""What each name does in a text: most are what it is about; some rate, tell, solicit, or are where something is traded."""

from __future__ import annotations

from collections.abc import Sequence

from squall.core.records import EntityKind
from squall.entities.linking import vocabulary
from squall.entities.linking.candidates import Candidate
from squall.entities.linking.folding import fold_name
from squall.entities.linking.link import Role
from squall.entities.linking.place import Place

_RATES_WITHIN = 9
"""Words after a broker's verb within which a word of rating makes it a rating."""
_OBJECT_WITHIN = 24
"""Characters after a broker's verb within which the rated company's name begins."""
_HOUSE = (EntityKind.COMPANY, EntityKind.ORGANISATION)
_MAY_ACT = frozenset({*_HOUSE, EntityKind.INDEX, EntityKind.OTHER})
_SOLICITING = ("investor", "sharehold", "class action", "plaintiff", "investigat")
"""No solicitation lacks all of these."""
_SPEAKS = frozenset({"says", "said", "per", "notes", "adds", "writes"})
_FORECAST = frozenset({EntityKind.INDEX, EntityKind.CURRENCY, EntityKind.COMMODITY, EntityKind.CENTRAL_BANK, EntityKind.COUNTRY})
"""Of these, brokers forecast: "HSBC sees Sensex at 30,000"."""
_OPINES = _SPEAKS | {"believes", "sees", "thinks", "expects", "likes", "highlights"}
_ACTIVE_RATINGS = frozenset({"upgrades", "downgrades", "initiates", "reiterates"})
_TURNS = frozenset({"gets", "turns", "goes", "stays", "remains"})
_NOTES = frozenset({"downgrade", "upgrade", "note", "initiation", "coverage", "research"})
"""After a broker, not "report" or "outlook": "banks fall after JPMorgan report" is about its own figures."""
_BEFORE_NOTES = frozenset({"following", "after", "on", "in", "new", "latest", "by"})
"""Before a broker and one of `_NOTES`: "slips after Morgan Stanley downgrade"."""
_OWN_FIGURES = frozenset({"revenue", "revenues", "profit", "fees", "trading", "loss", "losses"})
"""What a bank says of itself: "JPMorgan expects revenue from stocks and bonds to rise"."""
_PRICED = vocabulary.STRONG_RATING | {"target"}
_RATED_TO = frozenset({"to", "at", "by", "from"})
_OF_AN_EXPERT = ":,"
"""Before a broker's name at the end: "Nifty may fall: Sanjay Dutt, Edelweiss"."""
_EXPERT = 40
_EVENTS = frozenset({"conference", "summit", "forum", "symposium"})
_EVENT_WITHIN = 6
_AND = frozenset({",", "and", "&", "/", ", and"})
_SIGNATURE_DASHES = "-–—|"


def roles(folded: str, found: Sequence[Candidate]) -> list[Role]:
    """Return the role of each candidate's entity in the whole text: that of its first occurrence.

    It is a subject all the same where the text says something of its own of it: "Goldman shares", "Reuters profit".

    Args:
        folded: the text, folded.
        found: the names that link, sorted by start.
    """
    solicited = bool(found) and _solicits(folded)
    decided: dict[str, Role] = {}
    own: set[str] = set()
    previous: tuple[Role, int] | None = None
    for number, candidate in enumerate(found):
        following = found[number + 1] if number + 1 < len(found) else None
        role = _role(candidate, following, previous, solicited)
        previous = (role, candidate.end)
        decided.setdefault(candidate.entity.id, role)
        if role is Role.SUBJECT and candidate.place.after[:1] and candidate.place.after[0] in vocabulary.STRONG_AFTER:
            own.add(candidate.entity.id)
    return [Role.SUBJECT if candidate.entity.id in own else decided[candidate.entity.id] for candidate in found]


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
    if not names.isdisjoint(vocabulary.BROKERS):
        between = candidate.place.text[previous[1] : candidate.start].strip() if previous and previous[0] is Role.RATER else None
        if between in _AND or _rates(candidate, following):
            return Role.RATER
    if not names.isdisjoint(vocabulary.MEDIA) and _tells(candidate):
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


def _rates(candidate: Candidate, following: Candidate | None) -> bool:
    before, after = candidate.place.before, candidate.place.after
    verb = after[0] if after else ""
    if candidate.place.possessive or verb in vocabulary.ANALYSTS:
        if not vocabulary.ANALYSTS.isdisjoint(after[:4]) or not _SPEAKS.isdisjoint(after[1:4]):
            return True
        return following is not None and not _PRICED.isdisjoint(after[1:_RATES_WITHIN])
    if verb in _ACTIVE_RATINGS or _gives_opinion(candidate, following):
        return True
    near = following is not None and following.start - candidate.end <= len(verb) + _OBJECT_WITHIN
    if (verb in vocabulary.STANCES and after[1:2] == ["on"]) or _turns_on(verb, after):
        return True
    if following is not None and not vocabulary.STRONG_RATING.isdisjoint(after[1:_RATES_WITHIN]) and not _is_rated(after):
        return True
    if verb in vocabulary.RATING_VERBS and not _is_rated(after):
        if not vocabulary.RATING_CONTEXT.isdisjoint(after[1:_RATES_WITHIN]):
            return True
        if near and following is not None:
            return verb not in vocabulary.PLAIN_VERBS or following.entity.kind in _FORECAST
    nearest = before[0] if before else ""
    if verb in _NOTES and nearest in _BEFORE_NOTES:
        return True
    if nearest in vocabulary.RATED_BY and any(word in vocabulary.RATED_VERBS for word in before[1:8]):
        return True
    if nearest in vocabulary.RATED_BY and not vocabulary.ANALYSTS.isdisjoint(before[1:2]):
        return True
    if nearest in _SPEAKS or (nearest == "to" and before[1:2] == ["according"]):
        return True
    return _signs(candidate, _OF_AN_EXPERT if ":" in candidate.place.text[max(0, candidate.start - _EXPERT) : candidate.start] else "")


def _turns_on(verb: str, after: Sequence[str]) -> bool:
    """Whether it goes on as "turns bearish on"; "turns negative" is what a bank's shares do."""
    return verb in _TURNS and after[2:3] == ["on"] and after[1] in vocabulary.STANCES


def _gives_opinion(candidate: Candidate, following: Candidate | None) -> bool:
    """Whether the broker speaks of others: "…, Barclays says", "Citi says this stock …", "Raymond James says Nike is oversold"."""
    text, after = candidate.place.text, candidate.place.after
    verb = after[0] if after else ""
    if verb not in _OPINES:
        return False
    if verb in _SPEAKS and text[: candidate.start].rstrip().endswith(","):
        return True
    said = after[1:_RATES_WITHIN]
    if ("stocks" in said and _OWN_FIGURES.isdisjoint(said)) or said[:2] == ["this", "stock"]:
        return True
    if following is None or following.start - candidate.end > len(verb) + 2:
        return False
    return following.entity.kind in _HOUSE and following.entity.id != candidate.entity.id


def _is_rated(after: Sequence[str]) -> bool:
    """Whether the broker itself is rated: "Truist downgraded to hold", "Piper Sandler cut at Wolfe"."""
    return after[0] in vocabulary.RATED_VERBS and after[1:2] != [] and after[1] in _RATED_TO


def _tells(candidate: Candidate) -> bool:
    text, before, after = candidate.place.text, candidate.place.before, candidate.place.after
    nearest = before[0] if before else ""
    following = after[0] if after else ""
    if nearest in vocabulary.AUTHOR_BEFORE or following in vocabulary.AUTHOR_AFTER:
        return True
    if nearest == "the" and len(before) > 1 and before[1] in vocabulary.AUTHOR_BEFORE | {"to"}:
        return True
    if nearest == "to" and len(before) > 1 and before[1] == "according":
        return True
    if text[candidate.end : candidate.end + 1] == ":" or text[candidate.end : candidate.end + 3] == ") -":
        return True
    return _signs(candidate)


def _signs(candidate: Candidate, also: str = "") -> bool:
    """Whether the name is what a text ends in, after a dash or one of the signs `also`: "… - Reuters", a link aside."""
    text = candidate.place.text
    gap = text[max(0, candidate.start - 3) : candidate.start].rstrip()
    if not gap or gap[-1] not in _SIGNATURE_DASHES + also:
        return False
    rest = text[candidate.end : candidate.end + 40].lstrip(" .…\r\n")
    return not rest or rest.startswith(("http", "#", "$"))


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

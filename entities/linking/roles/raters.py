"""Brokers and rating agencies that judge others: "Goldman cuts Valeant to sell"; not "HSBC cuts 1,800 jobs", which is about HSBC."""

from __future__ import annotations

from collections.abc import Sequence

from squall.core.records import EntityKind
from squall.entities.linking import vocabulary
from squall.entities.linking.candidates import Candidate
from squall.entities.linking.folding import fold_name
from squall.entities.linking.roles.authors import ends_what_is_said, signs
from squall.entities.linking.roles.professions import is_agency

_RATES_WITHIN = 9
"""Words after a broker's verb within which a word of rating makes it a rating."""
_OBJECT_WITHIN = 24
"""Characters after a broker's verb within which the rated company's name begins."""
_HOUSE = (EntityKind.COMPANY, EntityKind.ORGANISATION)
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
_OWN_FIGURES = frozenset({"profit", "profits", "revenue", "revenues", "earnings", "income", "loss", "trading", "quarter"})
_PRICED = frozenset({"target", "pt", "overweight", "underweight", "outperform", "underperform", "neutral", "downgrade", "upgrade"})
_RATED_TO = frozenset({"to", "at", "by", "from"})
_OF_AN_EXPERT = ":,"
"""Before a broker's name at the end: "Nifty may fall: Sanjay Dutt, Edelweiss"."""
_EXPERT = 40
_CLAUSE_ENDS = frozenset({"as", "after", "amid", "while", "when", "but", "despite", "before", "because", "since", "though", "until"})
_VIEWS = frozenset(
    [
        *("forecast", "forecasts", "estimate", "estimates", "target", "targets", "view", "rating", "ratings", "outlook", "stance"),
        *("coverage", "upside", "downside"),
    ]
)
_RATED_AS = vocabulary.RATING_CONTEXT | _VIEWS
_SPEAKING = frozenset({":", "on"})
_PICKS = frozenset({"conviction", "pick", "picks", "favorites", "favourites"})
_VIEW_OF = frozenset({"for", "on", "of", "in"})
_TARGETS = vocabulary.STRONG_RATING | {"target", "targets", "rating", "ratings", "recommendation"}
"""Of a company that no table knows, a broker has these too."""
_RATED_WITHIN = 90
"""Characters before a broker's name within which what it rates is named: "Tesla cut to neutral at JPMorgan"."""


def rates(candidate: Candidate, following: Candidate | None, previous_end: int | None) -> bool:
    """Return whether a broker or agency judges another here.

    Args:
        candidate: its name.
        following: the next name of the text.
        previous_end: where the name before it ends; None: there is none.
    """
    before, after = candidate.place.before, candidate.place.after
    verb = after[0] if after else ""
    if names_expert(after):
        return True
    if not _PICKS.isdisjoint(after[:2]):
        return True
    if candidate.place.possessive or verb in vocabulary.ANALYSTS:
        if not vocabulary.ANALYSTS.isdisjoint(after[:4]) or not _SPEAKS.isdisjoint(after[1:4]):
            return True
        return following is not None and not _PRICED.isdisjoint(after[1:_RATES_WITHIN])
    if verb in vocabulary.RATING_VERBS and not is_rated(after) and has_grade(_clause(after[1:_RATES_WITHIN])):
        return True
    if verb in _ACTIVE_RATINGS or _gives_opinion(candidate, following):
        return True
    if (verb in vocabulary.STANCES and after[1:2] == ["on"]) or _turns_on(verb, after):
        return True
    if _judges(candidate, verb, following) or (is_agency(candidate) and _gives_rating(candidate)) or _speaks_of(candidate, following):
        return True
    nearest = before[0] if before else ""
    if verb in _NOTES and nearest in _BEFORE_NOTES:
        return True
    if nearest in vocabulary.RATED_BY and _was_rated(candidate, previous_end):
        return True
    if (nearest in _SPEAKS and ends_what_is_said(candidate)) or (nearest == "to" and before[1:2] == ["according"]):
        return True
    return signs(candidate, _OF_AN_EXPERT if ":" in candidate.place.text[max(0, candidate.start - _EXPERT) : candidate.start] else "")


def _judges(candidate: Candidate, verb: str, following: Candidate | None) -> bool:
    """Whether a verb of rating has another as its object: "cuts Ford", "lowers its outlook on Italy"; not "cuts jobs as Ford rises"."""
    after = candidate.place.after
    clause = _clause(after[1:_RATES_WITHIN])
    if is_rated(after) or not after:
        return False
    between = candidate.place.text[candidate.end : following.start] if following is not None else ""
    object_ = fold_name(between[:_RATED_WITHIN]).split()[1:] if following is not None else clause
    named = following is not None and following.start - candidate.end <= _RATED_WITHIN and _CLAUSE_ENDS.isdisjoint(object_)
    if not named and not _OWN_FIGURES.isdisjoint(clause):  # "lowers profit target after fine"
        return False
    viewed = not _VIEWS.isdisjoint(object_) and (not named or object_[-1:] == [] or object_[-1] in _VIEW_OF or _ends_possessed(object_))
    if not viewed and not _is_other(object_, following if named else None):
        return False
    if named and not vocabulary.STRONG_RATING.isdisjoint(clause):
        return True
    if is_agency(candidate) and verb in vocabulary.AGENCY_VERBS and _OWN_FIGURES.isdisjoint(clause):
        return named or not vocabulary.RATING_CONTEXT.isdisjoint(clause)
    if verb not in vocabulary.RATING_VERBS:
        return False
    if not vocabulary.RATING_CONTEXT.isdisjoint(clause) and (named or not _TARGETS.isdisjoint(clause)):
        return True
    if following is None or not named or following.start - candidate.end > len(verb) + _OBJECT_WITHIN:
        return False
    return verb not in vocabulary.PLAIN_VERBS or following.entity.kind in _FORECAST


def _gives_rating(candidate: Candidate) -> bool:
    """Whether an agency's rating is named, or it speaks: "S&P rating cut hits Greece", "Fitch: Italy at risk"."""
    return candidate.place.text[candidate.end : candidate.end + 1] == ":" or not vocabulary.AGENCY_NOUNS.isdisjoint(
        candidate.place.after[:1]
    )


def _speaks_of(candidate: Candidate, following: Candidate | None) -> bool:
    """Whether a house heads what it says of another: "Morgan Stanley: Tesla could double", "JPMorgan on Tesla"."""
    if following is None or following.entity.id == candidate.entity.id:
        return False
    return candidate.place.text[candidate.end : following.start].strip() in _SPEAKING


def _clause(words: Sequence[str]) -> Sequence[str]:
    """The words up to "as", "after" and the like."""
    end = next((at for at, word in enumerate(words) if word in _CLAUSE_ENDS), len(words))
    return words[:end]


def _ends_possessed(words: Sequence[str]) -> bool:
    return words[-1] in {"its", "the", "s"}


def _is_other(words: Sequence[str], rated: Candidate | None) -> bool:
    """Whether what a house cuts or raises is not its own: neither jobs, a dividend, a stake, nor a sum of money.

    Args:
        words: between the verb and the next name, or to the end of the clause.
        rated: the next name, if it can be the object.
    """
    if not vocabulary.OWN_AFFAIRS.isdisjoint(words) or any(map(str.isdecimal, words)):
        return False
    if rated is None:
        return True
    following = rated.place.after
    return vocabulary.OWN_AFFAIRS.isdisjoint(following[:2]) or not _RATED_AS.isdisjoint(following[:4])


def _was_rated(candidate: Candidate, previous_end: int | None) -> bool:
    """Whether something before "at", "by" and the broker was rated: "Tesla cut to neutral at JPMorgan", not "jobs cut at JPMorgan"."""
    told = candidate.place.before[1:8]
    if not vocabulary.ANALYSTS.isdisjoint(told[:1]):
        return True
    if not any(word in vocabulary.RATED_VERBS for word in told):
        return False
    if not vocabulary.STRONG_RATING.isdisjoint(told) or not _VIEWS.isdisjoint(told):
        return True
    known = previous_end is not None and candidate.start - previous_end <= _RATED_WITHIN
    if not known and vocabulary.RATING_CONTEXT.isdisjoint(told):
        return False
    return vocabulary.OWN_AFFAIRS.isdisjoint(told) and not any(map(str.isdecimal, told))


def _turns_on(verb: str, after: Sequence[str]) -> bool:
    """Whether it goes on as "turns bearish on"; "turns negative" is what a bank's shares do."""
    return verb in _TURNS and after[2:3] == ["on"] and after[1] in vocabulary.STANCES


def _gives_opinion(candidate: Candidate, following: Candidate | None) -> bool:
    """Whether the broker speaks of others: "…, Barclays says", "Citi says this stock …", "Raymond James says Nike is oversold"."""
    text, after = candidate.place.text, candidate.place.after
    verb = after[0] if after else ""
    if verb not in _OPINES:
        return False
    if verb in _SPEAKS and text[max(0, candidate.start - 3) : candidate.start].rstrip().endswith(","):
        return True
    said = after[1:_RATES_WITHIN]
    if ("stocks" in said and _OWN_FIGURES.isdisjoint(said)) or said[:2] == ["this", "stock"]:
        return True
    if following is None or following.start - candidate.end > len(verb) + 2:
        return False
    return following.entity.kind in _HOUSE and following.entity.id != candidate.entity.id


def is_rated(after: Sequence[str]) -> bool:
    """Return whether the name before `after` is itself rated: "Truist downgraded to hold", "Piper Sandler cut at Wolfe"."""
    return after[:1] != [] and after[0] in vocabulary.RATED_VERBS and after[1:2] != [] and after[1] in _RATED_TO


def names_expert(after: Sequence[str]) -> bool:
    """Return whether an analyst of the house is named: "UBS senior analyst Jane Doe"; not "UBS analyst day"."""
    at = next((at for at, word in enumerate(after) if word not in vocabulary.EXPERT_MODIFIERS), len(after))
    return after[at : at + 1] != [] and after[at] in vocabulary.EXPERTS and _NO_OPINION.isdisjoint(after[at + 1 : at + 2])


_NO_OPINION = vocabulary.EVENTS | vocabulary.HAPPENS


def has_grade(words: Sequence[str]) -> bool:
    """Return whether a grade, a target or coverage is among words in their order: "to hold", not "to hold talks" nor "up for sale"."""
    if not (_GRADED | vocabulary.STRONG_RATING).isdisjoint(words):
        return True
    return any(
        word in vocabulary.GRADES and number and words[number - 1] in _GRADED_TO and _goes_on(words[number + 1 : number + 2])
        for number, word in enumerate(words)
    )


def _goes_on(following: Sequence[str]) -> bool:
    """Whether a grade ends where it seems to: "to sell as", not "to sell cars"."""
    return not following or following[0] in _AFTER_GRADE or following[0].endswith("ing") or following[0].isdecimal()


_GRADED = frozenset({"pt", "coverage"})
_GRADED_TO = frozenset({"to", "at", "with", "a", "from"})
_AFTER_GRADE = frozenset(
    {*_CLAUSE_ENDS, *_RATED_TO, "on", "with", "and", "rating", "ahead", "price", "target", "https", "in", "sees", "says"}
)

"""Who judges others without a place in the lists: short sellers and research houses by their reports, others by a plain rating."""

from __future__ import annotations

from collections.abc import Sequence

from squall.entities.linking import vocabulary
from squall.entities.linking.candidates import Candidate
from squall.entities.linking.folding import fold_name
from squall.entities.linking.roles.authors import signs
from squall.entities.linking.roles.professions import is_found
from squall.entities.linking.roles.raters import has_grade, is_rated, names_expert

_NEAR = 3
_CLAUSE = 9
_POSITION_WITHIN = 6
_RATED_WITHIN = 90
"""Characters after a verb of rating within which the rated company is named."""
_FROM = frozenset({"by", "from", "at", "after", "on", "over", "following", "to"})
_AT = frozenset({"at", "with", "from", "of"})
_DOWNGRADES = frozenset({"downgrades", "downgraded"})
_TARGETS = frozenset({"target", "targets"})
_TIP_ENDS = ":"
_VOTES = frozenset({"vote", "votes", "proxy", "holders", "shareholders", "stockholders", "investors"})
_ADVISES_ON_VOTES = frozenset({"recommends", "urges", "backs", "advises", "opposes", "supports", "tells", "recommended", "urged", "backed"})


def reports_on(candidate: Candidate, others: bool) -> bool:
    """Return whether a house that only reports on others does so: "Muddy Waters report", "Culper alleges that Tesla …".

    Args:
        candidate: its name.
        others: whether the text has another.
    """
    before, after = candidate.place.before, candidate.place.after
    if not others:
        return False
    verb = after[0] if after else ""
    if verb in vocabulary.ACCUSES or "short" in after[:_NEAR] or "position" in after[:_POSITION_WITHIN]:
        return True
    reports = vocabulary.SHORT_REPORTS
    if verb in reports or (candidate.place.possessive and not reports.isdisjoint(after[:_NEAR])):
        return True
    return before[:1] != [] and before[0] in _FROM and not (reports | vocabulary.ACCUSED).isdisjoint(before[1:_NEAR])


def advises_on_votes(candidate: Candidate, following: Candidate | None) -> bool:
    """Return whether a house tells shareholders of another how to vote: "ISS urges Tesla holders to reject pay"."""
    after = candidate.place.after
    return following is not None and after[:1] != [] and after[0] in _ADVISES_ON_VOTES and not _VOTES.isdisjoint(after[1:])


def plainly_rates(candidate: Candidate, following: Candidate | None, others: bool) -> bool:
    """Return whether a name that nothing says to be a house's stands where only a house does: "Pell downgrades Tesla to hold".

    Args:
        candidate: the name.
        following: the next name of the text.
        others: whether the text has another.
    """
    if not others or not is_found(candidate):
        return False
    before, after = candidate.place.before, candidate.place.after
    if names_expert(after):
        return True
    if before[:1] and before[0] in _AT and not vocabulary.ANALYSTS.isdisjoint(before[1:2]):
        return vocabulary.HAPPENS.isdisjoint(after[:1])
    if before[:1] and before[0] in vocabulary.RATED_BY and not vocabulary.RATED_VERBS.isdisjoint(before[1:_CLAUSE]):
        return _names_rating(before[_CLAUSE:0:-1])
    if signs(candidate, _TIP_ENDS):
        text = candidate.place.text
        if text[max(0, candidate.start - 3) : candidate.start].rstrip()[-1:] != ":":
            return False
        told = fold_name(text[max(0, candidate.start - _RATED_WITHIN) : candidate.start]).split()
        return not vocabulary.TIPS.isdisjoint(told) and vocabulary.POSTS.isdisjoint(told[-2:])
    if following is None or following.start - candidate.end > _RATED_WITHIN or not after or is_rated(after):
        return False
    if after[0] in _DOWNGRADES:
        return True
    rated = following.place.after
    if after[0] not in vocabulary.RATING_VERBS or not vocabulary.OWN_AFFAIRS.isdisjoint(rated[:2]):
        return False
    between = fold_name(candidate.place.text[candidate.end : following.start]).split()
    views = not vocabulary.STRONG_RATING.isdisjoint(between) or ("price" in between and not _TARGETS.isdisjoint(between))
    return views or has_grade(rated[:_CLAUSE]) or not _TARGETS.isdisjoint(rated[:2])


def _names_rating(words: Sequence[str]) -> bool:
    return has_grade(words) or not _TARGETS.isdisjoint(words)

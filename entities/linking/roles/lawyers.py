"""Law firms that act for others or call on shareholders: "Jones Day advised Tesla"; not "Jones Day cuts 60 jobs"."""

from __future__ import annotations

from collections.abc import Sequence

from squall.entities.linking import vocabulary
from squall.entities.linking.candidates import Candidate
from squall.entities.linking.roles.professions import counsels, is_described, is_law_firm, is_partnership

_NEAR = 6
_CLAUSE = 8
_BY = frozenset({"by", "from"})
_FROM = frozenset({"at", "from", "with", "of"})


def solicits(candidate: Candidate, following: Candidate | None) -> bool:
    """Return whether a law firm calls on shareholders: "Rosen Law Firm reminds holders of Tesla of the deadline".

    Args:
        candidate: any name.
        following: the next name of the text.
    """
    if following is None or not is_law_firm(candidate) or counsels(candidate):
        return False
    after = candidate.place.after
    at = next((at for at, word in enumerate(after[:_NEAR]) if word in vocabulary.CALLS), None)
    if at is None:
        return False
    return after[at].startswith("investigat") or not vocabulary.CALLED.isdisjoint(after[at + 1 :])


def acts_for_others(candidate: Candidate, others: bool) -> bool:
    """Return whether a law firm is named for whom it advises, represents or examines.

    A name of partners ("Zorn, Pell & Hardy") is taken for a law firm where it does what only these do.

    Args:
        candidate: any name.
        others: whether the text has another.
    """
    firm = is_law_firm(candidate)
    if not others or not (firm or is_partnership(candidate)):
        return False
    before, after = _without_description(candidate.place.before), _without_auxiliaries(candidate.place.after)
    if after[:1] and after[0] in vocabulary.LAWYERS_VERBS and after[1:2] != ["by"]:
        return firm or after[0].startswith("represent") or not vocabulary.LEGAL_MATTERS.isdisjoint(after[:_CLAUSE])
    if "behalf" in after[1:_CLAUSE] or not _COUNSEL.isdisjoint(after[:2]):
        return True
    if before[:1] and before[0] in _BY and not vocabulary.LAWYERS_VERBS.isdisjoint(before[1:3]):
        return firm or "represented" in before[1:3]
    if _is_hired(before, candidate.place.after):
        return firm or not vocabulary.LEGAL_MATTERS.isdisjoint(after[:_CLAUSE])
    return firm and (_examines(before, after) or _speaks(candidate, before, after))


_COUNSEL = frozenset({"counsel", "legal"})


def _is_hired(before: Sequence[str], after: Sequence[str]) -> bool:
    """Whether another hires the firm; not one of its people: "Tesla hires Kirkland partner"."""
    if before[:1] and before[0] in vocabulary.HIRES:
        return vocabulary.LAWYERS.isdisjoint(after[:1])
    return after[:1] != [] and after[0] in vocabulary.HIRES and after[1:2] == ["by"]


def _examines(before: Sequence[str], after: Sequence[str]) -> bool:
    """Whether the firm has examined another: "a report by Freshfields", "Jones Day found no wrongdoing"."""
    if after[:1] and (after[0] in vocabulary.EXAMINATIONS or after[0] in vocabulary.FINDS):
        return True
    return before[:1] == ["by"] and not vocabulary.EXAMINATIONS.isdisjoint(before[1:6])


def _speaks(candidate: Candidate, before: Sequence[str], after: Sequence[str]) -> bool:
    """Whether the firm or one of its lawyers speaks for others: "Quinn Emanuel lawyer Jane Doe says"."""
    if before[:1] and before[0] in vocabulary.SAYS:
        return True
    place = candidate.place
    if after[:1] and after[0] in vocabulary.LAWYERS:
        return not (vocabulary.SAYS | vocabulary.LAWYERS_VERBS).isdisjoint(after[1:6])
    lawyers_at = place.before[:1] != [] and place.before[0] in _FROM and not vocabulary.LAWYERS.isdisjoint(place.before[1:2])
    if after[:1] and after[0] in vocabulary.SAYS:
        return lawyers_at or is_described(candidate, vocabulary.LAW_BEFORE)
    return lawyers_at and not vocabulary.HIRES.isdisjoint(place.before[2:5])


def _without_description(before: Sequence[str]) -> Sequence[str]:
    """The words before a name without those that say what it is: "hires the law firm"."""
    at = next((at for at, word in enumerate(before) if word not in vocabulary.LAW_WORDS), len(before))
    return before[at:]


def _without_auxiliaries(after: Sequence[str]) -> Sequence[str]:
    at = next((at for at, word in enumerate(after) if word not in vocabulary.AUXILIARIES), len(after))
    return after[at:]

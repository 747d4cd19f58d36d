"""Persons who rate or are quoted: "Jane Doe: sell Tesla", "says analyst Jane Doe"; a subject where something happens to them.

Whom the catalogue knows is quoted as a subject ("Powell says rates will rise"); whom only the network found is not.
"""

from __future__ import annotations

from collections.abc import Sequence

from squall.core.records import EntityKind
from squall.entities.linking import vocabulary
from squall.entities.linking.candidates import Candidate
from squall.entities.linking.folding import fold_name
from squall.entities.linking.link import Role
from squall.entities.linking.roles.authors import ends_what_is_said, signs
from squall.entities.linking.roles.professions import is_found

_SAID_WITHIN = 8
_SIGNED_WITHIN = 48
"""Characters between a colon and the name of the one who is quoted at the end: "…: Tesla chairman Jane Doe"."""
_SIGNED_WORDS = 3
"""Words before a signature."""
_TIP_WITHIN = 120
_SPEAKS = vocabulary.SAYS - {"tells", "told"}
"""Before the one who speaks; "tells Jane Doe" names the one who listens."""
_NO_ANALYST = vocabulary.HAPPENS | {"former"}
_REPORTS = frozenset({"reports", "reported", "writes"})
_OWN = frozenset({"he", "she", "his", "her", "they"})
_OF = frozenset({"by", "of", "from"})
_CONDITIONAL = frozenset({"would", "d"})


def role_of(candidate: Candidate, following: Candidate | None, previous: Candidate | None, others: bool) -> Role:
    """Return what a person does: rates, is quoted (an author), or is a subject.

    Args:
        candidate: the person.
        following: the next name of the text.
        previous: the name before.
        others: whether the text has another.
    """
    place = candidate.place
    before, after = place.before, place.after
    affected = before[1:] if before[:1] and before[0] in vocabulary.POSTS | vocabulary.ANALYSTS else before
    if not vocabulary.HAPPENS.isdisjoint(after[:2]) or not vocabulary.AFFECTS.isdisjoint(affected[:1]):
        return Role.SUBJECT
    if others and _rates(candidate, following):
        return Role.RATER
    if not is_found(candidate):
        return Role.SUBJECT
    signed = _is_signed(candidate, following)
    if not (signed or _is_said(candidate, following) or (others and _heads(candidate))):
        return Role.SUBJECT
    if signed and following is not None and previous is not None and following.entity.id != previous.entity.id:
        return Role.RATER  # "Nifty may slip: Jane Doe, Pell Capital"
    return Role.RATER if _has_tip(place.text, candidate.start, candidate.end) else Role.AUTHOR


def belongs_to(candidate: Candidate, person: Candidate) -> bool:
    """Whether an organisation is that of the person named before it: "Jane Doe of Pell Capital", "Jane Doe, Pell Capital"."""
    between = candidate.place.text[person.end : candidate.start].strip()
    return person.entity.kind is EntityKind.PERSON and between in _HOUSE_TIES


def ends_after(candidate: Candidate, person: Candidate) -> bool:
    """Return whether a name that the network took for a person's is the house of the one before it, at the end of the text."""
    return belongs_to(candidate, person) and _ends(candidate.place.text, candidate.end)


_HOUSE_TIES = frozenset({",", "of", "at", "from", "with", ", of", "(", "-"})


def _rates(candidate: Candidate, following: Candidate | None) -> bool:
    """Whether the person is named as an analyst, or says what to buy."""
    place = candidate.place
    before, after = place.before, place.after
    nearest = before[0] if before else ""
    if nearest in vocabulary.ANALYSTS:
        return True
    comma = place.text[place.end : place.end + 1] == ","
    if comma and _NO_ANALYST.isdisjoint(after[:_SAID_WITHIN]) and not vocabulary.ANALYSTS.isdisjoint(after[:_SAID_WITHIN]):
        return True
    if nearest in _OF and not vocabulary.TIPS.isdisjoint(before[1:2]):
        return True
    if place.possessive:
        return not vocabulary.TIPS.isdisjoint(after[:3])
    verb = after[0] if after else ""
    if following is None:
        return False
    if verb in vocabulary.RECOMMENDS:
        return True
    if verb in vocabulary.SAYS or verb in _CONDITIONAL:
        return not vocabulary.TIPS.isdisjoint(after[1:_SAID_WITHIN])
    rest = after[1:] if verb in vocabulary.AUXILIARIES or verb in vocabulary.TURNS else after
    return rest[:1] != [] and rest[0] in vocabulary.STANCES and rest[1:2] == ["on"]


def _is_said(candidate: Candidate, following: Candidate | None) -> bool:
    """Whether words of the person's are told: "says Jane Doe", "Jane Doe says Tesla will grow"; not "says she will resign"."""
    place = candidate.place
    before, after = place.before, place.after
    said = before[1:] if before[:1] and before[0] in vocabulary.POSTS | vocabulary.PERSONS_NAMES | {"the"} else before
    if said[:1] and said[0] in _SPEAKS and ends_what_is_said(candidate):
        return True
    if said[:2] == ["to", "according"] or (after[:1] and after[0] in _REPORTS):
        return True
    if following is None or not after or after[0] not in vocabulary.SAYS:
        return False
    return _OWN.isdisjoint(after[1:2]) or not _CONDITIONAL.isdisjoint(after[2:3])


def _is_signed(candidate: Candidate, following: Candidate | None) -> bool:
    """Whether the text ends in the person, after a dash or a colon, with a post or a house: "…: Tesla chairman Jane Doe"."""
    text = candidate.place.text
    ends = signs(candidate) or _ends(text, candidate.end)
    if not ends and following is not None and belongs_to(following, candidate):
        ends = _ends(text, following.end)
    if not ends or len(candidate.place.before) < _SIGNED_WORDS:
        return False
    left = max(0, candidate.start - _SIGNED_WITHIN)
    told, colon, between = text[left : candidate.start].rpartition(": ")
    if not colon:
        return signs(candidate)
    words = fold_name(told).split()
    return "," not in between and vocabulary.POSTS.isdisjoint(words[-2:])


def _ends(text: str, end: int) -> bool:
    rest = text[end : end + 40].lstrip(" .…\r\n)")
    return not rest or rest.startswith(("http", "#", "$"))


def _heads(candidate: Candidate) -> bool:
    """Whether the person heads what is quoted: "Jane Doe: Tesla will grow"."""
    text = candidate.place.text
    if text[candidate.end : candidate.end + 2] != ": ":
        return False
    return text[max(0, candidate.start - 2) : candidate.start].rstrip(" ")[-1:] in {"", "\n", ".", "|"}


def _has_tip(text: str, start: int, end: int) -> bool:
    """Whether what to buy or sell stands around."""
    words: Sequence[str] = fold_name(text[max(0, start - _TIP_WITHIN) : end + _TIP_WITHIN]).split()
    return not vocabulary.TIPS.isdisjoint(words)

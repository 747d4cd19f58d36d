"""Who tells a text: agencies and newspapers."""

from __future__ import annotations

from squall.entities.linking import vocabulary
from squall.entities.linking.candidates import Candidate
from squall.entities.linking.folding import fold_name
from squall.entities.linking.roles.professions import is_found

_SIGNATURE_DASHES = "-–—|"
_TOLD_TO = frozenset({"to", "with", "in"})
_TOLD = frozenset({"interview", "according", "speaking", "talking", "told", "reported", "report", "op-ed", "column", "article"})
_SPEAKER_WITHIN = 3
"""Characters after a medium's possessive within which its journalist is named."""
_AFTER_SPEAKER = frozenset(
    [
        *("in", "on", "of", "at", "as", "after", "amid", "and", "with", "for", "from", "who", "which", "citing", "adding", "via"),
        *("today", "monday", "tuesday", "wednesday", "thursday", "friday", "note", "report", "research", "survey", "poll", "http", "https"),
        *(vocabulary.ANALYSTS | vocabulary.EXPERTS | vocabulary.EXPERT_MODIFIERS),
    ]
)
"""After a speaker who stands behind what is said."""
_SURVEYS = frozenset({"survey", "poll", "study", "report", "analysis", "data"})
_NO_MEDIUM = vocabulary.DESCRIPTORS | vocabulary.LEGAL_FORMS
_SIGNED_WORDS = 3
"""Words before a signature of whom no list knows."""


def tells(candidate: Candidate, following: Candidate | None) -> bool:
    """Return whether a medium is named as the one that tells.

    Args:
        candidate: its name.
        following: the next name of the text.
    """
    text, before, after = candidate.place.text, candidate.place.before, candidate.place.after
    nearest = before[0] if before else ""
    verb = after[0] if after else ""
    if _tells_of_itself(candidate, following):
        return False
    if nearest in vocabulary.AUTHOR_BEFORE or verb in vocabulary.AUTHOR_AFTER:
        return True
    if nearest == "the" and len(before) > 1 and before[1] in vocabulary.AUTHOR_BEFORE | {"to"}:
        return True
    if nearest in _TOLD_TO and not _TOLD.isdisjoint(before[1:3]):
        return True
    if text[candidate.end : candidate.end + 1] == ":" or text[candidate.end : candidate.end + 3] in {") -", ") –", ") —", ")--"}:
        return True
    if candidate.place.possessive and following is not None and following.start - candidate.end <= _SPEAKER_WITHIN:
        return True
    return signs(candidate, ":") or _heads(candidate)


def plainly_tells(candidate: Candidate, others: bool) -> bool:
    """Return whether a name of which nothing says that it is a medium's stands as only one that tells does: "… - Electrek".

    Args:
        candidate: the name.
        others: whether the text has another.
    """
    place = candidate.place
    if not others or not is_found(candidate):
        return False
    said = place.before[1:] if place.before[:1] == ["the"] else place.before
    if said[:2] == ["to", "according"]:
        return True
    if place.text[max(0, candidate.start - 5) : candidate.start].lower() == "(via ":
        return True
    if place.after[:1] and place.after[0] in _SURVEYS and len(place.after) == 1:
        return place.text[max(0, candidate.start - 2) : candidate.start] == ": "
    if not _NO_MEDIUM.isdisjoint(place.name.split()[-1:]):
        return False
    return len(place.before) >= _SIGNED_WORDS and place.text[candidate.start - 1 : candidate.start] == " " and signs(candidate)


def signs(candidate: Candidate, also: str = "") -> bool:
    """Return whether the name is what a text ends in, after a dash or one of the signs `also`: "… - Reuters", a link aside."""
    text = candidate.place.text
    gap = text[max(0, candidate.start - 3) : candidate.start].rstrip()
    if not gap or gap[-1] not in _SIGNATURE_DASHES + also:
        return False
    rest = text[candidate.end : candidate.end + 40].lstrip(" .…\r\n")
    return not rest or rest.startswith(("http", "#", "$"))


def _tells_of_itself(candidate: Candidate, following: Candidate | None) -> bool:
    """Whether a medium has news of its own: "The Times says it will cut jobs", "… reports first-quarter loss"."""
    after = candidate.place.after
    if not after or after[0] not in _SAYS:
        return False
    if after[1:2] != [] and after[1] in _ITSELF:
        return True
    told = after[1:5] if following is None else fold_name(candidate.place.text[candidate.end : following.start][:_TOLD_WITHIN]).split()
    return not _OWN_FIGURES.isdisjoint(told)


_TOLD_WITHIN = 40
_SAYS = frozenset({"says", "said", "reports", "reported"})
_ITSELF = frozenset({"it", "its"})
_OWN_FIGURES = frozenset({"profit", "profits", "loss", "losses", "revenue", "revenues", "earnings", "quarter", "results"})


def _heads(candidate: Candidate) -> bool:
    """Whether the name stands at the beginning, before a dash: "PR Newswire - Tesla appoints"."""
    text = candidate.place.text
    return not text[: candidate.start].strip() and text[candidate.end : candidate.end + 2] in {" -", " –", " —", " |"}


def ends_what_is_said(candidate: Candidate) -> bool:
    """Return whether the speaker stands last: "…, says HSBC on Friday"; of "report says HSBC handled drug money" HSBC is the subject."""
    text, end, after = candidate.place.text, candidate.end, candidate.place.after
    following = text[end : end + 2].strip()[:1]
    return not following or not (following.isalnum() or following in "$#@") or after[0] in _AFTER_SPEAKER

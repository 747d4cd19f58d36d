"""Who tells a text: agencies and newspapers."""

from __future__ import annotations

from squall.entities.linking import vocabulary
from squall.entities.linking.candidates import Candidate

_SIGNATURE_DASHES = "-–—|"


def tells(candidate: Candidate) -> bool:
    """Return whether a medium is named as the one that tells."""
    text, before, after = candidate.place.text, candidate.place.before, candidate.place.after
    nearest = before[0] if before else ""
    following = after[0] if after else ""
    if nearest in vocabulary.AUTHOR_BEFORE or following in vocabulary.AUTHOR_AFTER:
        return True
    if nearest == "the" and len(before) > 1 and before[1] in vocabulary.AUTHOR_BEFORE | {"to"}:
        return True
    if nearest == "to" and len(before) > 1 and before[1] == "according":
        return True
    if text[candidate.end : candidate.end + 1] == ":" or text[candidate.end : candidate.end + 3] in {") -", ") –", ") —", ")--"}:
        return True
    return signs(candidate)


def signs(candidate: Candidate, also: str = "") -> bool:
    """Return whether the name is what a text ends in, after a dash or one of the signs `also`: "… - Reuters", a link aside."""
    text = candidate.place.text
    gap = text[max(0, candidate.start - 3) : candidate.start].rstrip()
    if not gap or gap[-1] not in _SIGNATURE_DASHES + also:
        return False
    rest = text[candidate.end : candidate.end + 40].lstrip(" .…\r\n")
    return not rest or rest.startswith(("http", "#", "$"))

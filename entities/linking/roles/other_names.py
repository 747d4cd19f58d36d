"""What stands around a name without the names beside it: "Bear" of Bear Stearns and "Buy" of Best Buy rate nobody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import islice

from squall.entities.linking.candidates import Candidate
from squall.entities.linking.folding import fold_name

_NO_WORD = ""
"""Takes the place of a word of a name, so that the others keep theirs."""
_WITHIN = 90
"""Characters on each side: a bit more than the words of a place reach."""


def without_other_names(candidate: Candidate, found: Sequence[Candidate], number: int) -> Candidate:
    """Return a candidate whose words before and after leave out those of the catalogue's other names.

    What only the network took for a name keeps its words: it may have marked some of the sentence's.

    Args:
        candidate: the one of `number`.
        found: the names of the text, sorted by start.
        number: its place among them.
    """
    place = candidate.place
    before, after = place.before, place.after
    for other in islice(reversed(found[:number]), _WITHIN):
        if candidate.start - other.end > _WITHIN:
            break
        if other.form is not None and other.end <= candidate.start:
            before = _blanked(before, place.text[other.end : candidate.start], place.text[other.start : other.end])
    for other in islice(found, number + 1, number + 1 + _WITHIN):
        if other.start - candidate.end > _WITHIN:
            break
        if other.form is not None and other.start >= candidate.end:
            after = _blanked(after, place.text[candidate.end : other.start], place.text[other.start : other.end], place.possessive)
    if before is place.before and after is place.after:
        return candidate
    return replace(candidate, place=place._replace(before=before, after=after))


def _blanked(words: list[str], between: str, name: str, possessive: bool = False) -> list[str]:
    """`words` without those of `name`, which begin behind the words of `between`."""
    begin = len(fold_name(between).split()) - possessive
    end = min(begin + len(fold_name(name).split()), len(words))
    return [*words[:begin], *[_NO_WORD] * (end - begin), *words[end:]] if begin < end else words

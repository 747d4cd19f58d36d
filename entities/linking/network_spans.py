"""What the network says of names, as the linker asks for it: spans, and how sure it is of each token."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from math import log
from typing import NamedTuple

from squall.entities.linking.found.around_company import is_same_company
from squall.entities.names import legal_short_form

NamedSpan = tuple[int, int, str]
"""Start, end, label: `ORG`, `PER`, `LOC` or `MISC`."""
Chance = tuple[int, int, float, float]
"""Start and end of a token, the probability that it is of an organisation's name, and that it goes on with the name of the token before."""
LABELS = frozenset({"ORG", "PER", "LOC", "MISC"})
_SURELY_NOT = -2.0
"""Log-odds: about one to seven."""
_NEARLY_SURE = 0.996
_SUREST = 0.998
_MOST_OTHERS = 40
"""Spans of a text that are looked at for other organisations: time stays in proportion to the names."""
_REACH = 4
"""Characters that a longer span must have beyond a form, legal forms aside, for it to be another name."""


class NetworkSays(NamedTuple):
    """What the network says of a part of a text.

    Args:
        label: of the span that overlaps it; None: there is none.
        longer: whether that span reaches beyond it as another name does.
        others: how many organisations it found elsewhere in the text, of its first spans.
        organisation: log-odds that its tokens are of an organisation's name, their mean.
        begins: log-odds that such a name begins here.
        goes_on: the probability that the name goes on behind it.
    """

    label: str | None
    longer: bool
    others: int
    organisation: float
    begins: float
    goes_on: float

    @property
    def is_rest(self) -> bool:
        """Whether the network reads an organisation's name here that has begun before: "Union Bank" of "Harbor Union Bank"."""
        return self.organisation > 0.0 and self.begins < _SURELY_NOT


class NetworkSpans:
    """The network's spans of one text; those outside it, with an unknown label or overlapping an earlier one are left out.

    Args:
        text: as given.
        names: in any order.
        within: the places in which the network looked for names, sorted, apart; none: all up to the last of `names`.
        chances: how sure it is of each token, in the order of the text; without them, its spans count as nearly sure.
    """

    def __init__(
        self, text: str, names: Iterable[tuple[int, int, str]], within: Sequence[tuple[int, int]] = (), chances: Sequence[Chance] = ()
    ) -> None:
        self._text = text
        kept: list[NamedSpan] = []
        for start, end, label in sorted(names):
            if 0 <= start < end <= len(text) and label in LABELS and (not kept or start >= kept[-1][1]):
                kept.append((start, end, label))
        self._spans = kept
        self._starts = [start for start, _, _ in kept]
        self._within = within or [(0, kept[-1][1] if kept else 0)]
        self._within_starts = [start for start, _ in self._within]
        self._chances = chances
        self._chance_ends = [end for _, end, _, _ in chances]

    def __bool__(self) -> bool:
        """Whether the network found anything."""
        return bool(self._spans)

    def looked_at(self, start: int) -> bool:
        """Return whether the network was asked about what begins at `start`."""
        at = bisect_right(self._within_starts, start) - 1
        if at >= 0 and start < self._within[at][1]:
            return True
        named = bisect_right(self._starts, start) - 1
        return named >= 0 and start < self._spans[named][1]

    @property
    def spans(self) -> Sequence[NamedSpan]:
        """Sorted, not overlapping."""
        return self._spans

    def said_of(self, start: int, end: int) -> NetworkSays:
        """Return what the network says of `start` to `end`."""
        label, longer = self.over(start, end)
        others = sum(span[2] == "ORG" and (span[1] <= start or span[0] >= end) for span in self._spans[:_MOST_OTHERS])
        first = bisect_right(self._chance_ends, start)
        stop = first
        organisation = 0.0
        while stop < len(self._chances) and self._chances[stop][0] < end:
            organisation += _log_odds(self._chances[stop][2])
            stop += 1
        if stop == first:
            sure = _NEARLY_SURE if label == "ORG" else 1 - _NEARLY_SURE
            begins = sure if not longer else 1 - _NEARLY_SURE
            return NetworkSays(label, longer, others, _log_odds(sure), _log_odds(begins), 0.0)
        _, _, of_organisation, inside = self._chances[first]
        following = self._chances[stop][3] if stop < len(self._chances) else 0.0
        begins = max(0.0, of_organisation - inside)
        return NetworkSays(label, longer, others, organisation / (stop - first), _log_odds(begins), following)

    def over(self, start: int, end: int) -> tuple[str | None, bool]:
        """Return the label of the span that overlaps `start` to `end`, and whether it reaches beyond as another name does.

        One word directly after a person's, "Apple" after "Fiona", is part of that name, whatever the network calls it.
        """
        at = bisect_right(self._starts, start) - 1
        before = at - 1 if at >= 0 and self._starts[at] == start else at
        if before >= 0 and self._is_given_name(before, start) and " " not in self._text[start:end]:
            return "PER", True
        for index in (at, at + 1):
            if 0 <= index < len(self._spans):
                begin, stop, label = self._spans[index]
                if begin < end and stop > start:
                    return label, self._is_longer(begin, stop, start, end)
        return None, False

    def _is_given_name(self, index: int, start: int) -> bool:
        """Whether a span is one word of a person's name, directly before `start`."""
        begin, stop, label = self._spans[index]
        return label == "PER" and self._text[stop:start] == " " and " " not in self._text[begin:stop]

    def _is_longer(self, begin: int, stop: int, start: int, end: int) -> bool:
        if start - begin < _REACH and stop - end < _REACH:
            return False
        if is_same_company(self._text, begin, start, end, stop):
            return False
        whole = legal_short_form(self._text[begin:stop].strip())
        return len(whole) - (end - start) >= _REACH


def _log_odds(probability: float) -> float:
    bounded = min(max(probability, 1 - _SUREST), _SUREST)
    return log(bounded / (1 - bounded))

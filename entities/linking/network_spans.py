"""Spans of names from the network, as the linker asks for them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence

from squall.entities.names import legal_short_form

NamedSpan = tuple[int, int, str]
"""Start, end, label: `ORG`, `PER`, `LOC` or `MISC`."""
LABELS = frozenset({"ORG", "PER", "LOC", "MISC"})
_REACH = 4
"""Characters that a longer span must have beyond a form, legal forms aside, for it to be another name."""


class NetworkSpans:
    """The network's spans of one text; those outside it, with an unknown label or overlapping an earlier one are left out.

    Args:
        text: as given.
        names: in any order.
        within: the places in which the network looked for names, sorted, apart; none: all up to the last of `names`.
    """

    def __init__(self, text: str, names: Iterable[tuple[int, int, str]], within: Sequence[tuple[int, int]] = ()) -> None:
        self._text = text
        kept: list[NamedSpan] = []
        for start, end, label in sorted(names):
            if 0 <= start < end <= len(text) and label in LABELS and (not kept or start >= kept[-1][1]):
                kept.append((start, end, label))
        self._spans = kept
        self._starts = [start for start, _, _ in kept]
        self._within = within or [(0, kept[-1][1] if kept else 0)]
        self._within_starts = [start for start, _ in self._within]

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
        whole = legal_short_form(self._text[begin:stop].strip())
        return len(whole) - (end - start) >= _REACH

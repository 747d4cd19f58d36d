"""Training texts rewritten so that a network learns the place of a name and not the name: other names, other case, an agency's marks."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from squall.model.data.examples import Example
from squall.model.data.mentions.words import words_of
from squall.model.spans import Span
from squall.model.tasks import NAMES

MARKS = (
    *("UPDATE 1-", "UPDATE 2-", "UPDATE 3-", "UPDATE 4-", "WRAPUP 1-", "WRAPUP 3-", "BRIEF-", "RPT-", "CORRECTED-", "CORRECTED-BRIEF-"),
    *(
        "EXCLUSIVE-",
        "Exclusive: ",
        "FACTBOX-",
        "Factbox: ",
        "TABLE-",
        "TEXT-",
        "DEALTALK-",
        "ANALYSIS-",
        "INSIGHT-",
        "POLL-",
        "REG - ",
        "REG-",
    ),
    *("RESEARCH ALERT-", "HOT STOCKS-", "STOCKS NEWS-", "MARKET PULSE-", "US STOCKS-", "EUROPE STOCKS-", "CANADA STOCKS-", "Breaking: "),
    *("BREAKING: ", "JUST IN: ", "Opinion: ", "Live: ", "RT @desk: "),
)
"""What agencies and posters put before a headline, and no name."""
RENAMED = ", renamed"
"""End of the source of a copy with other names."""
_CASES: tuple[Callable[[str], str], ...] = (str.upper, str.lower, lambda text: title_case(text))


def renamed(rows: Sequence[Example], names: Sequence[str], share: float, seed: int) -> Iterator[Example]:
    """Yield a copy with other organisations for `share` of the rows that name one (mention replacement, Dai and Adel 2020).

    Args:
        rows: with spans of the task `names`.
        names: to take from.
        share: of those rows, from 0 to 1.
        seed: of the choice.
    """
    rng = random.Random(seed)  # noqa: S311 - a choice, not a secret
    for row in rows:
        places = [span for span in row.spans.get(NAMES.name, ()) if span.label == "ORG"]
        if places and rng.random() < share:
            chosen: dict[str, str] = {}
            for span in places:
                chosen.setdefault(row.text[span.start : span.end], rng.choice(names))
            yield _with_names(row, places, chosen)


def recased(rows: Sequence[Example], share: float, seed: int) -> list[Example]:
    """Return `rows` with `share` of them in capitals, in lower case or in title case; spans hold, since no length changes."""
    rng = random.Random(seed)  # noqa: S311 - a choice, not a secret
    found = []
    for row in rows:
        if rng.random() < share:
            text = rng.choice(_CASES)(row.text)
            row = replace(row, text=text) if len(text) == len(row.text) else row
        found.append(row)
    return found


def marked(rows: Sequence[Example], share: float, seed: int) -> list[Example]:
    """Return `rows` with a mark of an agency before the text of `share` of those that have spans."""
    rng = random.Random(seed)  # noqa: S311 - a choice, not a secret
    found = []
    for row in rows:
        if row.spans and rng.random() < share:
            mark = rng.choice(MARKS)
            spans = {
                task: tuple(s._replace(start=s.start + len(mark), end=s.end + len(mark)) for s in kept) for task, kept in row.spans.items()
            }
            row = replace(row, text=mark + row.text, spans=spans)
        found.append(row)
    return found


def title_case(text: str) -> str:
    """Return `text` with a capital at the start of each word; other letters stay."""
    pieces: list[str] = []
    last = 0
    for word in words_of(text):
        pieces += (text[last : word.start], word.text[0].upper(), word.text[1:])
        last = word.end
    return "".join((*pieces, text[last:]))


def _with_names(row: Example, places: Sequence[Span], chosen: dict[str, str]) -> Example:
    pieces: list[str] = []
    moves: list[tuple[Span, int]] = []
    last = shift = 0
    for span in places:
        name = chosen[row.text[span.start : span.end]]
        pieces += (row.text[last : span.start], name)
        shift += len(name) - (span.end - span.start)
        moves.append((span, shift))
        last = span.end
    text = "".join((*pieces, row.text[last:]))
    spans = {task: tuple(_moved(span, moves) for span in found) for task, found in row.spans.items()}
    return replace(row, text=text, spans=spans, source=row.source + RENAMED)


def _moved(span: Span, moves: Sequence[tuple[Span, int]]) -> Span:
    """`span` after the names before its start and its end have changed their lengths."""
    start, end = span.start, span.end
    for place, shift in moves:
        if place.start < span.start:
            start = span.start + shift
        if place.start < span.end:
            end = span.end + shift
    return span._replace(start=start, end=end)

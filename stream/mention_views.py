"""Mentions as JSON objects, and the tone towards names that the caller gives."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any, Protocol

from squall.core.records import MOST_MENTIONS, EntityKind, Mention
from squall.stream.mentions import Link, Linker, Place, Reading, mean_tone

_DIGITS = 6
MOST_ASKED = 100
"""Names that a caller may give with one text."""
LONGEST_ASKED = 200
"""Characters of such a name."""


class NamedEntity(Protocol):
    """What a linker makes of a name."""

    @property
    def id(self) -> str: ...

    @property
    def kind(self) -> EntityKind: ...

    @property
    def name(self) -> str: ...

    @property
    def symbols(self) -> tuple[str, ...]: ...


class NameLinker(Linker, Protocol):
    """A linker that also says whom a name alone means."""

    def named(self, name: str) -> NamedEntity:
        """Return the entity; one of its own where no table knows it; raises `ValueError` for what is no name."""


def entity_object(mention: Mention) -> dict[str, Any]:
    """Return what the command line and the Python door say of a mention."""
    tone = {"p_negative": mention.p_negative, "p_neutral": mention.p_neutral, "p_positive": mention.p_positive}
    return _object(mention.name, mention.entity, mention.symbols, (mention.start, mention.end), mention.relevance, tone)


def entity_objects(mentions: Iterable[Mention]) -> list[dict[str, Any]]:
    """Return an object for each entity: that of its first mention."""
    return [entity_object(mention) for mention in mentions if mention.first]


def asked_objects(names: Sequence[str], text: str, reading: Reading, row: int, linker: NameLinker) -> list[dict[str, Any]]:
    """Return an object for each of `names`, in their order, with the tone towards it.

    The name is looked for as it is written, in any case of letters, first as whole words; where the text has it not, by the links to
    the entity that it means. A name that is nowhere in the text gets the document's tone, relevance 0, and None for start and end.

    Args:
        names: known to the linker or not.
        text: text `row` of `reading`.
        reading: the model's.
        row: of the text.
        linker: says whom names mean.

    Raises:
        ValueError: one of them is no name.
    """
    entities = [linker.named(name) for name in names]
    written = [occurrences(name, text) for name in names]
    found = reading.names[row] if len(reading.names) else ()
    given = [(start, end, "ORG") for places in written for start, end in places]
    links = linker.link(text, names=_disjoint(given, found))
    objects = []
    for name, entity, places in zip(names, entities, written, strict=True):
        own = [link for link in links if _is_of(link, entity.id, places)]
        places = places or [(link.start, link.end) for link in own]
        tone = mean_tone(reading.tone(row, places) if places else reading.sentiment[row : row + 1])
        relevance = max((link.relevance for link in own), default=0.0)
        objects.append(_object(name, entity.id, entity.symbols, places[0] if places else None, relevance, tone))
    return objects


def occurrences(name: str, text: str) -> list[Place]:
    """Return where `text` has `name`, in any case of letters: as whole words where it does, else anywhere; the first `MOST_MENTIONS`."""
    literal = re.escape(name.strip())
    if not literal:
        return []
    for pattern in (rf"(?<!\w){literal}(?!\w)", literal):
        found = [match.span() for match in islice(re.finditer(pattern, text, re.IGNORECASE), MOST_MENTIONS)]
        if found:
            return found
    return []


def _is_of(link: Link, entity: str, places: Sequence[Place]) -> bool:
    """Whether a link is to the entity, or at one of its places: a table may know another name for what is written there."""
    return link.entity == entity or any(start < link.end and link.start < end for start, end in places)


def _disjoint(first: Iterable[tuple[int, int, str]], others: Iterable[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    """Return spans that do not overlap, sorted: of two that do, the one in `first`, else the one that starts first."""
    kept = _sweep(sorted(first))
    starts = [start for start, _, _ in kept]
    free = []
    for span in sorted(others):
        after = bisect_left(starts, span[1])
        if after == 0 or kept[after - 1][1] <= span[0]:
            free.append(span)
    return sorted([*kept, *_sweep(free)])


def _sweep(spans: Iterable[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    kept: list[tuple[int, int, str]] = []
    for span in spans:
        if not kept or kept[-1][1] <= span[0]:
            kept.append(span)
    return kept


def _object(
    name: str, entity: str, symbols: Sequence[str], place: Place | None, relevance: float, tone: dict[str, float]
) -> dict[str, Any]:
    start, end = place or (None, None)
    rounded = {key: round(value, _DIGITS) for key, value in tone.items()}
    return {
        "name": name,
        "entity": entity,
        "symbols": list(symbols),
        "start": start,
        "end": end,
        "relevance": round(relevance, _DIGITS),
        **rounded,
    }

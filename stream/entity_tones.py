"""Tone and severity for each entity of a text, and for names that the caller gives: what the command line and the Python door return."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from dataclasses import fields as dataclass_fields
from typing import Any, Final, Protocol

from squall.core.records import EntityKind, Event, Mention
from squall.stream.asked_names import places_of
from squall.stream.mentions import (
    Link,
    Linker,
    Place,
    Reading,
    Wanted,
    link_text,
    mean_severity,
    mean_tone,
    mentions,
    named_events,
    wanted_subjects,
)

_DIGITS: Final = 6
MOST_ASKED: Final = 100
"""Names that a caller may give with one text."""
_ASKED_WEIGHT: Final = 1.0
"""What a name that a caller asks for adds to the severity of its gravest sentence: as much as ruin."""
LONGEST_ASKED: Final = 200
"""Characters of such a name."""


class NamedEntity(Protocol):
    """What a linker makes of a name."""

    @property
    def id(self) -> str: ...

    @property
    def kind(self) -> EntityKind: ...

    @property
    def symbols(self) -> tuple[str, ...]: ...


class NameLinker(Linker, Protocol):
    """A linker that also says whom a name alone means."""

    def named(self, name: str) -> NamedEntity:
        """Return the entity; one of its own where no table knows it; raises `ValueError` for what is no name."""


@dataclass(frozen=True, slots=True)
class EntityTone:
    """An entity of a text, and the tone towards it.

    Args:
        name: as users see it; as the caller gave it.
        entity: its id.
        symbols: its tickers.
        start: offset of its first occurrence in the text; None: a given name that is not in the text.
        end: offset after it.
        relevance: how much the text is about it, in [0, 1].
        p_negative: with the other two the probabilities of the tone, sum 1; of the whole text's where the name is not in it.
        p_neutral: see `p_negative`.
        p_positive: see `p_negative`.
        severity: how grave what happened is for it, in [0, 1]; None: the name is not in what was read of the text, or the model does not
            say.
        events: what happened to it, likeliest first; nothing where it is not in what was read. None: the model does not say.
    """

    name: str
    entity: str
    symbols: tuple[str, ...]
    start: int | None
    end: int | None
    relevance: float
    p_negative: float
    p_neutral: float
    p_positive: float
    severity: float | None = None
    events: tuple[Event, ...] | None = None

    @classmethod
    def of(cls, mention: Mention) -> EntityTone:
        """Return what a mention says."""
        tone = (mention.p_negative, mention.p_neutral, mention.p_positive)
        place = (mention.start, mention.end, mention.relevance)
        return cls(mention.name, mention.entity, mention.symbols, *place, *tone, mention.severity, mention.events)

    def as_dict(self) -> dict[str, Any]:
        """Return the fields, rounded for printing; `events` as a list of name and probability, or None."""
        fields = {item.name: getattr(self, item.name) for item in dataclass_fields(self)}
        rounded = {name: round(value, _DIGITS) if isinstance(value, float) else value for name, value in fields.items()}
        events = self.events
        said = None if events is None else [{"name": it.name, "probability": round(it.probability, _DIGITS)} for it in events]
        return {**rounded, "events": said}


def wanted_names(asked: Sequence[str] | None, text: str, linker: NameLinker) -> Wanted:
    """Return whom a long text should be read about: whom the caller asks for, or (None) whom it is about.

    Raises:
        ValueError: as `asked_tones`.
        LinkingError: the linker failed.
    """
    if asked is None:
        return wanted_subjects(link_text(linker, text))
    entities, written = [linker.named(name) for name in checked_names(asked)], places_of(asked, text)
    links = link_text(linker, text) if not all(written) else ()
    linked = [[(link.start, link.end) for link in links if link.entity == entity.id] for entity in entities]
    return [(_ASKED_WEIGHT, places or others) for places, others in zip(written, linked, strict=True)]


def entity_tones(text: str, reading: Reading, row: int, linker: Linker) -> list[EntityTone]:
    """Return the entities that text `row` of `reading` is about, in the order of their first occurrence.

    Raises:
        LinkingError: the linker failed.
    """
    links = link_text(linker, text, names=reading.names[row], names_within=reading.names_within(row))
    return [EntityTone.of(mention) for mention in mentions(links, reading, row) if mention.first]


def asked_tones(asked: Sequence[str], text: str, reading: Reading, row: int, linker: NameLinker) -> list[EntityTone]:
    """Return the tone towards each of `asked`, in their order, whether the linker knows them or not.

    A name is looked for as it is written, in any case of letters, first as whole words; where the text has it not, by the links to
    the entity that it means. A name that is nowhere in the text gets the tone of the text, and relevance 0.

    Args:
        asked: names.
        text: text `row` of `reading`.
        reading: the model's.
        row: of the text.
        linker: says whom names mean.

    Raises:
        ValueError: `checked_names` refuses them, or one of them is no name.
        LinkingError: the linker failed.
    """
    entities = [linker.named(name) for name in checked_names(asked)]
    written = places_of(asked, text)
    given = [(start, end, "ORG") for places in written for start, end in places]
    links = link_text(linker, text, names=_disjoint(given, reading.names[row]), names_within=reading.names_within(row))
    tones = []
    for name, entity, places in zip(asked, entities, written, strict=True):
        own = [link for link in links if _is_of(link, entity.id, places)]
        places = places or [(link.start, link.end) for link in own]
        tone = mean_tone(reading.tone(row, places) if places else reading.sentiment[row : row + 1])
        start, end = places[0] if places else (None, None)
        relevance = max((link.relevance for link in own), default=0.0)
        severity, events = _severity(reading, row, places), named_events(reading.mention_events(row, places))
        tones.append(EntityTone(name, entity.id, entity.symbols, start, end, relevance, **tone, severity=severity, events=events))
    return tones


def _severity(reading: Reading, row: int, places: Sequence[Place]) -> float | None:
    found = reading.mention_severity(row, places)
    return None if found is None else mean_severity(found)


def checked_names(names: Sequence[str]) -> Sequence[str]:
    """Return `names`, which a caller gave with one text.

    Raises:
        ValueError: they are too many, or one is too long or empty.
    """
    if len(names) > MOST_ASKED:
        raise ValueError(f"{len(names)} entities, at most {MOST_ASKED} with one text")
    for name in names:
        if not name.strip() or len(name) > LONGEST_ASKED:
            raise ValueError(f"entity {name[:50]!r} has {len(name.strip())} characters, not 1 to {LONGEST_ASKED}")
    return names


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

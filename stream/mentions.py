"""From links and a model's reading to mentions: who a document is about, and in which tone."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from squall.core.records import MOST_MENTIONS, SENTIMENTS, Document, EntityKind, Event, Mention

SUBJECT: Final = "subject"
"""The role of what a text is about; a broker that rates, a law firm or an agency has another one and is not mentioned."""

Place = tuple[int, int]
"""Offsets of the first character and after the last one."""
Wanted = Sequence[tuple[float, Sequence[Place]]]
"""Whom a long text should be read about: for each name how much more a sentence with it counts, as a severity, and its places."""
WantedOf = Callable[[int], Wanted]
"""Says it of a text of a call, by its number; asked only where the model can't read all of the text."""
_TONES: Final = tuple(f"p_{name}" for name in SENTIMENTS)
FOUND_WEIGHT: Final = 0.15
"""What a name that the linker finds adds to the severity of its gravest sentence, times its relevance: so many names are read about as when
the beginning of a text was read (docs/severity.md)."""


class Reading(Protocol):
    """What the model answers for n texts, in their order: `topic` (n, 20) and `sentiment` (n, 3) as probabilities, names, severity."""

    @property
    def topic(self) -> npt.NDArray[np.float32]: ...

    @property
    def sentiment(self) -> npt.NDArray[np.float32]: ...

    @property
    def names(self) -> Sequence[Sequence[tuple[int, int, str]]]:
        """Per text (start, end, label) of each name."""

    @property
    def model_version(self) -> str: ...

    @property
    def severity(self) -> npt.NDArray[np.float32] | None:
        """How grave what each text reports is, in [0, 1], shape (n,); None: the model does not say."""

    def events(self, row: int) -> Sequence[tuple[str, float]]:
        """Return name and probability of what text `row` says happened, likeliest first."""

    def names_within(self, row: int) -> Sequence[Place]:
        """Return the places of text `row` in which names were looked for, sorted, apart; none: they were not."""

    def name_chances(self, row: int) -> Sequence[tuple[int, int, float, float]]:
        """Return how sure it is of each token of text `row`: start, end, the probability that it is of an organisation's name, and that it
        goes on with the name of the token before."""

    def tone(self, row: int, spans: Sequence[Place]) -> npt.NDArray[np.float32]:
        """Return the probabilities of the tone towards each of `spans` of text `row`, shape (spans, 3), as `SENTIMENTS`."""

    def mention_events(self, row: int, spans: Sequence[Place]) -> Sequence[tuple[str, float]] | None:
        """Return what text `row` says happened to the one whom all `spans` name, as `events` does; None: the model does not say."""

    def mention_severity(self, row: int, spans: Sequence[Place]) -> npt.NDArray[np.float32] | None:
        """Return how grave it is for each of `spans` of text `row`, shape (spans,); NaN: not read; None: the model does not say."""


class Link(Protocol):
    """An occurrence of a name; `squall.entities.linking.link.Link`."""

    @property
    def entity(self) -> str: ...

    @property
    def kind(self) -> EntityKind: ...

    @property
    def name(self) -> str: ...

    @property
    def symbols(self) -> tuple[str, ...]: ...

    @property
    def start(self) -> int: ...

    @property
    def end(self) -> int: ...

    @property
    def relevance(self) -> float: ...

    @property
    def role(self) -> str: ...


class Linker(Protocol):
    """Finds the names in a text. Thread-safe."""

    @property
    def version(self) -> str:
        """Of the names it knows; never empty."""

    def link(
        self,
        text: str,
        *,
        title_length: int = 0,
        names: Sequence[tuple[int, int, str]] = (),
        names_within: Sequence[Place] = (),
        chances: Sequence[tuple[int, int, float, float]] = (),
        symbols: Sequence[str] = (),
    ) -> Sequence[Link]:
        """Return the links of `text`, sorted by start.

        Args:
            text: what offsets count in.
            title_length: how many of its characters are the title; 0: not known.
            names: what the model found.
            names_within: the places in which it looked, sorted, apart; none: it was not asked.
            chances: how sure it is of each token, as `Reading.name_chances` returns it.
            symbols: tickers that came with the text.
        """


class LinkingError(RuntimeError):
    """The linker failed on a text."""


def link_text(
    linker: Linker,
    text: str,
    *,
    title_length: int = 0,
    names: Sequence[tuple[int, int, str]] = (),
    names_within: Sequence[Place] = (),
    chances: Sequence[tuple[int, int, float, float]] = (),
    symbols: Sequence[str] = (),
) -> Sequence[Link]:
    """Return what `linker` finds in `text`.

    Raises:
        LinkingError: it failed, whatever it raised but for a lack of memory.
    """
    try:
        return linker.link(text, title_length=title_length, names=names, names_within=names_within, chances=chances, symbols=symbols)
    except MemoryError:
        raise
    except Exception as error:
        raise LinkingError(f"names could not be linked: {type(error).__name__}: {error}") from error


def wanted_subjects(links: Iterable[Link]) -> Wanted:
    """Return whom a long text with these links should be read about: whom it is about, the more the more it is."""
    found: dict[str, tuple[float, list[Place]]] = {}
    for link in links:
        if link.role == SUBJECT:
            found.setdefault(link.entity, (FOUND_WEIGHT * link.relevance, []))[1].append((link.start, link.end))
    return list(found.values())


def document_wanted(document: Document, linker: Linker) -> Wanted:
    """Return whom the content of a long document should be read about.

    Raises:
        LinkingError: the linker failed.
    """
    return wanted_subjects(link_text(linker, document.content, title_length=len(document.title), symbols=document.symbols))


def document_mentions(document: Document, reading: Reading, row: int, linker: Linker) -> tuple[Mention, ...]:
    """Return the mentions of a document whose content is text `row` of `reading`.

    Raises:
        LinkingError: the linker failed.
        ValueError: a mention is none: a span is empty, a probability is no number.
    """
    links = link_text(
        linker,
        document.content,
        title_length=len(document.title),
        names=reading.names[row],
        names_within=reading.names_within(row),
        chances=reading.name_chances(row),
        symbols=document.symbols,
    )
    return mentions(links, reading, row)


def mentions(links: Iterable[Link], reading: Reading, row: int) -> tuple[Mention, ...]:
    """Return a mention for each occurrence of what text `row` is about, in the order of `links`; at most `MOST_MENTIONS`.

    The tone towards an entity is the mean of the probabilities at its occurrences, its severity and what happened to it likewise.

    Args:
        links: of the text, sorted by start.
        reading: the model's.
        row: of the text.
    """
    subjects = [link for link in links if link.role == SUBJECT][:MOST_MENTIONS]
    if not subjects:
        return ()
    spans = [(link.start, link.end) for link in subjects]
    tones, severities = reading.tone(row, spans), reading.mention_severity(row, spans)
    of_entity: dict[str, list[int]] = {}
    for place, link in enumerate(subjects):
        of_entity.setdefault(link.entity, []).append(place)
    tone = {entity: mean_tone(tones[places]) for entity, places in of_entity.items()}
    grave = {entity: None if severities is None else mean_severity(severities[places]) for entity, places in of_entity.items()}
    happened = {
        entity: named_events(reading.mention_events(row, [spans[place] for place in places])) for entity, places in of_entity.items()
    }
    return tuple(
        Mention(
            entity=link.entity,
            kind=link.kind,
            name=link.name,
            symbols=link.symbols,
            start=link.start,
            end=link.end,
            first=of_entity[link.entity][0] == place,
            relevance=link.relevance,
            **tone[link.entity],
            severity=grave[link.entity],
            events=happened[link.entity],
        )
        for place, link in enumerate(subjects)
    )


def mean_tone(tones: npt.NDArray[np.float32]) -> dict[str, float]:
    """Return `p_negative`, `p_neutral` and `p_positive`, which sum to 1: the mean of `tones`, shape (n, 3), n > 0."""
    sums = [sum(column) for column in zip(*tones.tolist(), strict=True)]  # of a few numbers each: faster than numpy
    total = sum(sums)
    return {name: each / total for name, each in zip(_TONES, sums, strict=True)}


def named_events(found: Sequence[tuple[str, float]] | None) -> tuple[Event, ...] | None:
    """Return names and probabilities as events; None for None."""
    return None if found is None else tuple(Event(name=name, probability=probability) for name, probability in found)


def mean_severity(severities: npt.NDArray[np.float32]) -> float | None:
    """Return the mean of those `severities` that were read (not NaN), in [0, 1]; None without any."""
    read = [severity for severity in severities.tolist() if not math.isnan(severity)]
    return sum(read) / len(read) if read else None

"""Who and what drives an alert: the negative documents of its window, by name, by story and by event."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from squall.core.records import EntityKind


@dataclass(frozen=True, slots=True)
class DrivingDocument:
    """A negative document of a window.

    Args:
        copies: later documents of the window with the same fingerprint.
        named: entity, kind and name of everybody that it names.
        story_id: of its story, as stored; empty: it is in none yet.
    """

    id: str
    title: str
    url: str
    source: str
    published_at: datetime
    p_negative: float
    severity: float | None
    event_names: tuple[str, ...]
    copies: int
    named: tuple[tuple[str, EntityKind, str], ...] = ()
    story_id: str = ""


@dataclass(frozen=True, slots=True)
class Lead:
    """Somebody whom the documents name, and how many of them do."""

    entity: str
    kind: EntityKind
    name: str
    documents: int


@dataclass(frozen=True, slots=True)
class EventCount:
    """A kind of event, and how many of the documents report it."""

    name: str
    documents: int


@dataclass(frozen=True, slots=True)
class DrivingStory:
    """Documents of one story, or that say nearly the same; the fields are those of the gravest, `first_at` is of the earliest.

    Args:
        documents: how many, copies not counted.
        copies: how many copies of them there are besides.
        story_id: of the story that is stored; empty: none is yet, and their headlines are alike.
    """

    id: str
    title: str
    url: str
    source: str
    first_at: datetime
    severity: float | None
    event_names: tuple[str, ...]
    documents: int
    copies: int
    story_id: str = ""


@dataclass(frozen=True, slots=True)
class Drivers:
    """Who and what drives an alert.

    Args:
        documents: negative documents of the window, copies not counted.
        stories: of them, those with the most documents first, then gravest.
        story_count: how many stories there are; `stories` may be fewer.
        leads: those named most, the one that the alert is about first; empty where no name stands out.
        events: most frequent first.
        gravest: the highest severity; None: no document has one.
    """

    documents: int = 0
    stories: tuple[DrivingStory, ...] = ()
    story_count: int = 0
    leads: tuple[Lead, ...] = ()
    events: tuple[EventCount, ...] = ()
    gravest: float | None = None

    @property
    def lead(self) -> Lead | None:
        """The one that the alert is about; None where no name stands out."""
        return self.leads[0] if self.leads else None

"""Documents in stories, as they are written and read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class StoryMemberRow:
    """A document's place in its story when it was added, and what an index of stories must remember of it.

    Args:
        headline: what was compared.
        size: documents of the story so far, this one included.
        novelty: 100 (nothing similar in the 24 hours before) to 0.
        last_similar: id of the last similar document before it; empty if it begins the story.
        seconds_since_last: from that one's publication; None if it begins the story.
        distance: from that one, 0 (the same words) to 1; None if it begins the story.
        linked_12h: documents of the story in so long before it; `linked_24h` to `linked_7d` likewise.
        names: ids of the entities it is about, sorted.
        linked_by_name: the five counts of those that have the name, for each of `names`.
        weight: of its terms when it was added.
        direction: which way things move in the story by then: 1, −1, or 0.
        signs: of the numbers of the story by then, each with its sign: `+%3.2`.
        version: orders rows as their documents were added; given by the store when they are written.
    """

    document_id: str
    published_at: datetime
    headline: str
    story_id: str
    size: int
    novelty: int
    last_similar: str
    seconds_since_last: float | None
    distance: float | None
    linked_12h: int
    linked_24h: int
    linked_3d: int
    linked_5d: int
    linked_7d: int
    names: tuple[str, ...]
    linked_by_name: tuple[int, ...]
    weight: float
    direction: int
    signs: tuple[str, ...]
    version: int = 0


@dataclass(frozen=True, slots=True)
class PendingDocument:
    """A stored document that is in no story yet.

    Args:
        text: its beginning.
        names: ids of the entities it is about.
    """

    id: str
    published_at: datetime
    title: str
    text: str
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DocumentStory:
    """The story of a document.

    Args:
        story_id: the id of its first document.
        size: documents of the story by now.
        novelty: of the document when it came, 100 to 0.
    """

    story_id: str
    size: int
    novelty: int


@dataclass(frozen=True, slots=True)
class StoryPosition:
    """The last document in the order of time, then id, that was put into a story."""

    published_at: datetime
    document_id: str

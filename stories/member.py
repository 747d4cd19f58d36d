"""What is known of a document's place in its story, in the terms of the vendors of news analytics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

NOVELTY: Final = (100, 75, 56, 42, 32, 24, 18, 13, 10, 8, 6, 4, 3, 2, 2, 1, 1, 1, 1, 0)
"""Novelty by how many similar documents came in the 24 hours before (RavenPack's event novelty score); 0 from there on."""
LINKED_WINDOWS: Final = ("12h", "24h", "3d", "5d", "7d")
"""Over which times linked documents are counted (LSEG News Analytics' novelty counts)."""
WINDOW_HOURS: Final = (12, 24, 72, 120, 168)

Counts = tuple[int, int, int, int, int]
"""One count for each of `LINKED_WINDOWS`."""


@dataclass(frozen=True, slots=True)
class StoryMember:
    """A document's place in its story when it came. Later documents don't change it.

    Args:
        document: its id.
        story_id: the id of the story's first document.
        size: how many documents the story has by now, this one included.
        novelty: 100 (nothing similar in the 24 hours before) to 0, of `NOVELTY`.
        last: id of the last similar document before it; empty if it begins the story.
        since_last: seconds from that one's publication to its own, 0 if that one is dated later; None if it begins the story.
        distance: from that one, 0 (the same terms) to 1 (none in common); None if it begins the story.
        linked: documents of its story in the times before it, for each of `LINKED_WINDOWS`.
        linked_by_name: the same, of those that name this name, for each of its names.
    """

    document: str
    story_id: str
    size: int
    novelty: int
    last: str
    since_last: float | None
    distance: float | None
    linked: Counts
    linked_by_name: Mapping[str, Counts]

    @property
    def first(self) -> bool:
        """Whether it begins the story."""
        return self.document == self.story_id


def novelty(similar: int) -> int:
    """Return the novelty of a document with `similar` ones in the 24 hours before."""
    return NOVELTY[min(similar, len(NOVELTY) - 1)]

"""What an index remembers of a document: enough, for all documents in the order in which they were added, to go on after a restart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from squall.stories.member import StoryMember


@dataclass(frozen=True, slots=True)
class Remembered:
    """A document that an index remembers. What is compared of its headline is computed anew.

    Args:
        title: of the document, `squall.stories.headline.MOST_CHARACTERS` at most.
        published_at: aware.
        names: ids of the entities it is about, sorted.
        weight: what its terms weighed together when it was added.
        direction: which way things move in its story by then, as of `squall.stories.moves.Moves`.
        signs: of the numbers of its story by then.
        member: what was said of it.
    """

    title: str
    published_at: datetime
    names: tuple[str, ...]
    weight: float
    direction: int
    signs: Mapping[str, int]
    member: StoryMember

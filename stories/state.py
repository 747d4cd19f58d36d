"""What a `StoryIndex` remembers as bytes: compressed, of one version. What is compared of headlines is computed anew."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import orjson

from squall.core.errors import SquallError
from squall.stories.member import Counts, StoryMember

VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class HeldState:
    """A remembered document: its title, when it was published (milliseconds since 1970), its names, what its terms weighed, and
    what was said of it.
    """

    title: str
    at: int
    names: tuple[str, ...]
    total: float
    member: StoryMember


@dataclass(frozen=True, slots=True)
class StoryState:
    """Of a story what its remembered documents don't tell: how many it has had, and what the forgotten ones said."""

    id: str
    size: int
    direction: int
    signs: dict[str, int]


@dataclass(frozen=True, slots=True)
class IndexState:
    """Documents in the order in which they came, stories, and the newest time of publication."""

    newest: int
    documents: Sequence[HeldState]
    stories: Sequence[StoryState]


def pack(state: IndexState) -> bytes:
    """Return `state` as bytes."""
    documents = [(held.title, held.at, held.names, held.total, list(asdict(held.member).values())) for held in state.documents]
    stories = [(story.id, story.size, story.direction, story.signs) for story in state.stories]
    return zlib.compress(orjson.dumps({"version": VERSION, "newest": state.newest, "documents": documents, "stories": stories}))


def unpack(data: bytes) -> IndexState:
    """Return the state that `pack` wrote.

    Raises:
        SquallError: they are not such bytes, or of another version.
    """
    try:
        read: Any = orjson.loads(zlib.decompress(data))
        if read["version"] != VERSION:
            raise SquallError(f"the state of stories is of version {read['version']}, not {VERSION}", _HINT)
        documents = [HeldState(title, at, tuple(names), total, _member(values)) for title, at, names, total, values in read["documents"]]
        return IndexState(read["newest"], documents, [StoryState(*values) for values in read["stories"]])
    except (zlib.error, ValueError, KeyError, TypeError) as error:
        raise SquallError(f"the state of stories can't be read: {error}", _HINT) from error


_HINT: Final = "begin without it and add the documents of the last seven days again: stories that began in them are the same"


def _member(values: list[Any]) -> StoryMember:
    document, story_id, size, novelty, last, since_last, distance, linked, by_name = values
    counts = {name: _counts(of_name) for name, of_name in by_name.items()}
    return StoryMember(document, story_id, size, novelty, last, since_last, distance, _counts(linked), counts)


def _counts(read: list[int]) -> Counts:
    a, b, c, d, e = read
    return a, b, c, d, e

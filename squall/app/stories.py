"""`squall stories`: the documents of a file, linked to names, as stories."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from squall.core.errors import ConfigurationError
from squall.core.records import Document
from squall.entities.linking.link import Role
from squall.entities.linking.linker import Linker
from squall.ingest.file.source import FileSource
from squall.stories import LINKED_WINDOWS, Incoming, StoryIndex, StoryMember


@dataclass(frozen=True, slots=True)
class Told:
    """A document of a story: its headline, when, and its place."""

    title: str
    published_at: datetime
    member: StoryMember

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        member = self.member
        return {
            "id": member.document,
            "title": self.title,
            "published_at": self.published_at,
            "size": member.size,
            "novelty": member.novelty,
            "last_similar": member.last or None,
            "seconds_since_last": member.since_last,
            "distance": None if member.distance is None else round(member.distance, 3),
            "linked": dict(zip(LINKED_WINDOWS, member.linked, strict=True)),
            "linked_by_name": {name: dict(zip(LINKED_WINDOWS, counts, strict=True)) for name, counts in member.linked_by_name.items()},
        }


@dataclass(slots=True)
class ToldStory:
    """A story: its documents in the order of time, and how many of them name whom."""

    id: str
    documents: list[Told] = field(default_factory=list)
    names: Counter[str] = field(default_factory=Counter)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "story_id": self.id,
            "size": len(self.documents),
            "title": self.documents[0].title,
            "first": self.documents[0].published_at,
            "last": self.documents[-1].published_at,
            "names": dict(self.names.most_common()),
            "documents": [told.as_dict() for told in self.documents],
        }


@dataclass(frozen=True, slots=True)
class StoriesOfFile:
    """What a file holds: its stories, largest first, and how many rows are no documents."""

    stories: list[ToldStory]
    documents: int
    rejected: int


def stories_of_file(source: FileSource, linker: Linker, stop: threading.Event) -> StoriesOfFile:
    """Read all documents of `source`, and put them into stories in the order of their time.

    Names are those that the catalogue knows and that the headline is about: no network reads it.

    Raises:
        ConfigurationError: the file can't be read, or holds no document.
    """
    documents: dict[str, Document] = {}
    rejected = 0
    for batch in source.batches(stop):
        for item in batch.items:
            if item.document is None:
                rejected += 1
            else:
                documents.setdefault(item.document.id, item.document)
    if not documents:
        raise ConfigurationError(
            f"{source.path} holds no documents ({rejected} rows are none)", "`squall ingest file --help` says what a row needs"
        )
    index = StoryIndex()
    stories: dict[str, ToldStory] = {}
    for document in sorted(documents.values(), key=lambda document: (document.published_at, document.id)):
        headline = document.gist
        names = {link.entity for link in linker.link(headline, title_length=len(headline)) if link.role is Role.SUBJECT}
        member = index.add(Incoming(document.id, headline, document.published_at, tuple(sorted(names))))
        story = stories.setdefault(member.story_id, ToldStory(member.story_id))
        story.documents.append(Told(document.title or headline, document.published_at, member))
        story.names.update(sorted(names))
    largest = sorted(stories.values(), key=lambda story: (-len(story.documents), story.documents[0].published_at, story.id))
    return StoriesOfFile(largest, len(documents), rejected)

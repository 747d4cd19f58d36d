"""Documents as the JSON API returns them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Annotated

from pydantic import BeforeValidator, Field

from squall.core.records import Sentiment
from squall.dashboards.page.schemas.base import View
from squall.dashboards.page.schemas.severity import EventNames, Events, SeverityView
from squall.storage.rows.documents import StoredDocument
from squall.storage.rows.mentions import StoredMention
from squall.storage.rows.stories import DocumentStory

TEXT_CHARS = 500
NEXT = "pass it as `before` to get the next page; null on the last page, and where the gravest are first"

Excerpt = Annotated[str, BeforeValidator(lambda text: text[:TEXT_CHARS])]


class MentionView(SeverityView, View):
    """A name that a document is about, where it occurs first, with relevance and tone in the whole document."""

    name: str
    entity: str = Field(description="its id, for /api/entities/{entity}")
    symbols: tuple[str, ...]
    start: int = Field(description="in the title, followed by '. ' and the text unless that repeats it; in Unicode characters")
    end: int
    relevance: float = Field(description="in [0, 1]")
    p_negative: float
    p_neutral: float
    p_positive: float
    events: EventNames = Field(
        [], validation_alias="event_names", description="what happened to it; by the document, where the model does not say it of names"
    )


class DocumentView(SeverityView, View):
    """One document."""

    id: str
    kind: str
    source: str
    author: str
    url: str = Field(description="as the source sent it: check its scheme before you link to it")
    title: str
    text: Excerpt = Field(description=f"the first {TEXT_CHARS} characters")
    language: str
    symbols: tuple[str, ...]
    published_at: datetime
    undated: bool = Field(
        False,
        description="the source gave no time that can be read: published_at is when it was collected, and the detector does not count it",
    )
    collected_at: datetime
    revises: str = Field(
        "", description="id of the first version, if title or text have changed since: see /api/documents/{document_id}/versions"
    )
    scored: bool = Field(
        description="false: the model does not know its language; topic and model_version are empty, and sentiment and score say nothing"
    )
    topic: str
    topic_probability: float
    p_negative: float
    p_neutral: float
    p_positive: float
    sentiment: Sentiment
    score: float = Field(description="p_positive − p_negative")
    events: Events = Field([], description="what happened, likeliest first")
    model_version: str
    scored_at: datetime
    stored_at: datetime
    copies: int = Field(description="later documents with the same text, if they were counted")
    story_id: str | None = Field(
        None, description="the id of the first document of its story, for /api/stories/{story_id}; null: in none yet"
    )
    story_size: int | None = Field(None, description="documents of its story by now, this one included; null: in none yet")
    novelty: int | None = Field(
        None,
        description="when it came: 100, nothing of its story in the 24 hours before, to 0, twenty documents or more; null: in no story yet",
    )
    entities: list[MentionView] = Field([], description="the names that it is about, each once, in the order of the text")


class DocumentsView(View):
    """In the order asked for: newest first, or gravest first."""

    documents: list[DocumentView]
    next: str | None = Field(description=NEXT)


def document_views(
    rows: Iterable[StoredDocument], mentions: Mapping[str, Sequence[StoredMention]], stories: Mapping[str, DocumentStory]
) -> list[DocumentView]:
    """Convert rows of the store; `mentions` and `stories` are those of each document's id."""
    return [
        DocumentView.model_validate(row).model_copy(
            update={
                "entities": [MentionView.model_validate(mention) for mention in mentions.get(row.id, ()) if mention.first],
                **_story(stories.get(row.id)),
            }
        )
        for row in rows
    ]


def _story(story: DocumentStory | None) -> dict[str, object]:
    return {"story_id": story.story_id, "story_size": story.size, "novelty": story.novelty} if story else {}

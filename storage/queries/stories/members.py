"""The stories of documents, and the documents of a story."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from squall.storage.backends.base import Backend, plain
from squall.storage.queries.base import Queries, Versions
from squall.storage.queries.documents import DocumentQueries
from squall.storage.rows.documents import StoredDocument
from squall.storage.rows.stories import DocumentStory
from squall.storage.schema.table import utc

_OF = """
SELECT document_id, story_id, novelty FROM story_members
WHERE (published_at, document_id) IN
(
    SELECT toDateTime64(tupleElement(pair, 1), 3, 'UTC'), tupleElement(pair, 2)
    FROM (SELECT arrayJoin(arrayZip({times:Array(String)}, {ids:Array(String)})) AS pair)
)
ORDER BY version DESC
LIMIT 1 BY document_id
"""
_SIZES = "SELECT story_id, max(size) FROM story_members WHERE story_id IN {ids:Array(String)} GROUP BY story_id"
_DOCUMENTS = """
SELECT document_id, max(published_at) AS at FROM story_members WHERE story_id = {story_id:String}
GROUP BY document_id ORDER BY at DESC, document_id LIMIT {limit:UInt32}
"""

STORY_OF = """
SELECT document_id AS id, argMax(story_id, version) AS story_id FROM story_members
WHERE published_at >= {start:DateTime64(3, 'UTC')} AND published_at < {end:DateTime64(3, 'UTC')}
GROUP BY document_id
"""
"""Each document of a span that is in a story, with the story's id."""


class StoryQueries(Queries):
    """Stories, as far as they are formed.

    Args:
        backend: where the SQL runs.
        versions: shared by all queries of a store.
        documents: finds the documents.
    """

    def __init__(self, backend: Backend, versions: Versions, documents: DocumentQueries) -> None:
        super().__init__(backend, versions)
        self._documents = documents

    def of(self, documents: Collection[StoredDocument]) -> dict[str, DocumentStory]:
        """Return the story of each document by its id; documents that are in none yet are left out."""
        if not documents:
            return {}
        times = [str(plain(document.published_at)) for document in documents]
        found = list(self._select(_OF, times=times, ids=[document.id for document in documents]))
        sizes = dict(iter(self._select(_SIZES, ids=list({story_id for _, story_id, _ in found})))) if found else {}
        return {key: DocumentStory(story_id, int(sizes[story_id]), int(novelty)) for key, story_id, novelty in found}

    def documents(self, story_id: str, *, limit: int = 100) -> list[StoredDocument]:
        """Return the documents of a story that are still stored, newest first, `limit` at most; none: there is no such story.

        Of the versions of a document only the newest one is there.
        """
        found = {key: utc(at) for key, at in self._select(_DOCUMENTS, story_id=story_id, limit=limit)}
        if not found:
            return []
        start, end = min(found.values()), max(found.values()) + timedelta(milliseconds=1)
        return self._documents.newest_versions(self._documents.fetch(dict.fromkeys(found, 0), start, end))

"""Which versions of a document are stored, which is the newest, and how a document is deleted with all of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import chain
from typing import Final

from squall.core.records import Document, KnownVersion
from squall.storage.queries.base import Queries, unique
from squall.storage.queries.spans import EVER, sql
from squall.storage.rows.documents import DeletionMark, StoredDocument
from squall.storage.schema.table import VERSION, utc
from squall.storage.schema.tables.documents import DELETIONS

_VERSION = """
SELECT
    id, any(revises) AS first, any(revision), max(published_at), min(collected_at),
    has(groupUniqArray(model_version), {model_version:String}), has(groupUniqArray(model_version), '')
FROM documents WHERE $wanted GROUP BY id
"""
_KNOWN = sql(_VERSION, wanted="id IN {ids:Array(String)}")
_LATER = sql(_VERSION, wanted="revises IN {ids:Array(String)}")
_NEWEST_VERSIONS = """
SELECT revises, argMax(id, published_at), max(published_at) FROM documents
WHERE revises IN {ids:Array(String)} AND published_at >= {since:DateTime64(3, 'UTC')} AND published_at < {until:DateTime64(3, 'UTC')}
GROUP BY revises
"""
_ALL_VERSIONS = "SELECT DISTINCT id FROM documents WHERE id IN {ids:Array(String)} OR revises IN {ids:Array(String)}"
_STORED = "SELECT DISTINCT id FROM documents WHERE id IN {ids:Array(String)}"
_MARKED = "SELECT id, version, hours, now64(3, 'UTC') FROM deletions FINAL WHERE NOT done ORDER BY id LIMIT {limit:UInt32}"
_HOURS = "SELECT DISTINCT toString(toStartOfHour(published_at)) FROM documents WHERE id IN {ids:Array(String)}"
_SOME_MARKED = "SELECT id FROM deletions FINAL WHERE NOT done LIMIT {limit:UInt32}"
_STILL_MARKED = "SELECT id FROM deletions FINAL WHERE NOT done AND id IN {ids:Array(String)}"
# A mutation rewrites every part that has one of the rows, so many documents are deleted at once.
# What has been stored since the marks were read is of a document that came again.
_BEFORE: Final = "stored_at <= {until:DateTime64(3, 'UTC')} SETTINGS mutations_sync = 2"
_DELETE: Final = (
    "ALTER TABLE story_members DELETE WHERE document_id IN {ids:Array(String)} SETTINGS mutations_sync = 2",
    sql("ALTER TABLE mentions DELETE WHERE document_id IN {ids:Array(String)} AND $before", before=_BEFORE),
    sql("ALTER TABLE documents DELETE WHERE id IN {ids:Array(String)} AND $before", before=_BEFORE),
)
_AT_ONCE: Final = 5_000
_COMPARED: Final = 2_000


class VersionQueries(Queries):
    """Versions of documents."""

    def mark_deleted(self, first_ids: Sequence[str], kept: Sequence[str] = ()) -> int:
        """Have documents deleted with all their versions by the next `delete_marked`; return how many of them are stored.

        Args:
            first_ids: ids of first versions; those that are not stored are left out.
            kept: ids of first versions that were delivered, and not taken back since: a mark from before no longer counts.

        Raises:
            StoreUnavailableError: not acknowledged. Do it again.
        """
        if kept:
            again = self._marked_of(set(kept))
            self._write(DELETIONS, [DeletionMark(key, done=True) for key in again])
        if not first_ids:
            return 0
        stored = self._select(_STORED, ids=unique(first_ids)).columns[0]
        self._write(DELETIONS, [DeletionMark(key, done=False) for key in stored])
        return len(stored)

    def _marked_of(self, first_ids: set[str]) -> list[str]:
        """Return those of `first_ids` that are marked. Few are at a time, so that they are compared here; to send ids takes much longer."""
        some = self._select(_SOME_MARKED, limit=_COMPARED).columns[0]
        if len(some) == _COMPARED:
            some = self._select(_STILL_MARKED, ids=sorted(first_ids)).columns[0]
        return [key for key in some if key in first_ids]

    def delete_marked(self) -> int:
        """Delete the documents that were marked, their mentions and their places in stories; return how many documents, at most 5,000.

        What was counted of them stays counted until the next update of the counts. Returns when the rows are gone. One that is marked
        again meanwhile stays marked, and what is stored meanwhile stays stored.
        """
        first_ids, marked, known, now = self._select(_MARKED, limit=_AT_ONCE).columns
        if not first_ids:
            return 0
        versions = unique((*first_ids, *self._select(_ALL_VERSIONS, ids=first_ids).columns[0]))
        hours = tuple(unique((*chain.from_iterable(known), *self._select(_HOURS, ids=versions).columns[0])))
        self._remark([DeletionMark(first_ids[0], done=False, hours=hours)], marked)  # if this is cut off, the rows no longer tell
        for statement in _DELETE:
            self._command(statement, ids=versions, until=utc(now[0]))
        first = DeletionMark(first_ids[0], done=True, hours=hours)
        self._remark([first, *(DeletionMark(key, done=True) for key in first_ids[1:])], [version + 1 for version in marked])
        return len(first_ids)

    def _remark(self, marks: Sequence[DeletionMark], versions: Sequence[int]) -> None:
        """Write marks in place of those of `versions`."""
        self._backend.insert(DELETIONS.block(marks, {VERSION.name: [version + 1 for version, _ in zip(versions, marks, strict=False)]}), "")

    def known_versions(self, documents: Sequence[Document], model_version: str) -> list[KnownVersion]:
        """Return which of `documents` are stored, whichever model scored them, as their first versions.

        Those that are marked for deletion count as not stored: their rows may be gone in a moment. Of those that come with another title
        or text than the first version has, all later versions are returned too.

        Args:
            documents: as a source delivers them.
            model_version: `scored` says whether this model has scored a version; `unscored`, whether it is stored without a score.
        """
        if not documents:
            return []
        known = self._known(_KNOWN, unique(document.first_id for document in documents), model_version)
        if known and (marked := set(self._marked_of({version.first_id for version in known}))):
            known = [version for version in known if version.first_id not in marked]
        revisions = {version.id: version.revision for version in known}
        changed = unique(
            document.first_id
            for document in documents
            if document.first_id in revisions and document.revision != revisions[document.first_id]
        )
        return known + self._known(_LATER, changed, model_version) if changed else known

    def _known(self, query: str, ids: list[str], model_version: str) -> list[KnownVersion]:
        rows = self._select(query, ids=ids, model_version=model_version)
        return [
            KnownVersion(key, first or key, int(revision), utc(published_at), utc(collected_at), bool(scored), bool(unscored))
            for key, first, revision, published_at, collected_at, scored, unscored in rows
        ]

    def newest_versions(self, rows: Sequence[StoredDocument], until: datetime = EVER[1]) -> list[StoredDocument]:
        """Return those of `rows` of which no later version was published before `until`."""
        if not rows:
            return []
        within = {"since": min(row.published_at for row in rows), "until": until}
        found = {
            first: (utc(at), key) for first, key, at in self._select(_NEWEST_VERSIONS, ids=unique(row.first_id for row in rows), **within)
        }
        return [row for row in rows if row.first_id not in found or found[row.first_id] <= (row.published_at, row.id)]

"""Which versions of a document are stored, and which is the newest."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from squall.core.records import Document, KnownVersion
from squall.storage.queries.base import Queries, unique
from squall.storage.queries.spans import EVER, sql
from squall.storage.rows.documents import StoredDocument
from squall.storage.schema.table import utc

_VERSION = """
SELECT
    id, any(revises) AS first, any(revision), max(published_at), min(collected_at),
    has(groupUniqArray(model_version), {model_version:String})
FROM documents WHERE $wanted GROUP BY id
"""
_KNOWN = sql(_VERSION, wanted="id IN {ids:Array(String)}")
_LATER = sql(_VERSION, wanted="revises IN {ids:Array(String)}")
_NEWEST_VERSIONS = """
SELECT revises, argMax(id, published_at), max(published_at) FROM documents
WHERE revises IN {ids:Array(String)} AND published_at < {until:DateTime64(3, 'UTC')} GROUP BY revises
"""


class VersionQueries(Queries):
    """Versions of documents."""

    def known_versions(self, documents: Sequence[Document], model_version: str) -> list[KnownVersion]:
        """Return which of `documents` are stored, whichever model scored them, as their first versions.

        Of those that come with another title or text than the first version has, all later versions are returned too.

        Args:
            documents: as a source delivers them.
            model_version: `scored` says whether this model has scored a version.
        """
        if not documents:
            return []
        known = self._known(_KNOWN, unique(document.first_id for document in documents), model_version)
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
            KnownVersion(key, first or key, int(revision), utc(published_at), utc(collected_at), bool(scored))
            for key, first, revision, published_at, collected_at, scored in rows
        ]

    def newest_versions(self, rows: Sequence[StoredDocument], until: datetime = EVER[1]) -> list[StoredDocument]:
        """Return those of `rows` of which no later version was published before `until`."""
        if not rows:
            return []
        found = {
            first: (utc(at), key)
            for first, key, at in self._select(_NEWEST_VERSIONS, ids=unique(row.first_id for row in rows), until=until)
        }
        return [row for row in rows if row.first_id not in found or found[row.first_id] <= (row.published_at, row.id)]

"""What forms stories needs of the store: documents that are in none yet, its rows, and these back after a restart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from squall.storage.backends.base import plain
from squall.storage.queries.base import Queries
from squall.storage.queries.entities.readings import LATEST
from squall.storage.queries.spans import EVER, sql
from squall.storage.rows.stories import PendingDocument, StoryMemberRow, StoryPosition
from squall.storage.schema.table import utc
from squall.storage.schema.tables.stories import STORY_MEMBERS

CHARACTERS = 400
"""So much of a text is read, beyond the length of its title."""

_NOW = "SELECT now64(3, 'UTC')"
_LAST = "SELECT published_at, document_id FROM story_members ORDER BY published_at DESC, document_id DESC LIMIT 1"
# In the order of the table, so that it ends as soon as it has enough. A document with two publication times is there at both.
_DOCUMENTS = """
SELECT id, published_at, title, substringUTF8(text, 1, {characters:UInt32} + lengthUTF8(title)) AS beginning
FROM documents
WHERE published_at >= {start:DateTime64(3, 'UTC')} AND published_at < {end:DateTime64(3, 'UTC')} AND model_version != '' AND $wanted
ORDER BY published_at, id, scored_at DESC, written_at DESC
LIMIT 1 BY published_at, id
LIMIT {limit:UInt32}
"""
_SETTLED = sql(_DOCUMENTS, wanted="(published_at > {start:DateTime64(3, 'UTC')} OR id > {after_id:String})")
_LATE = sql(
    _DOCUMENTS,
    wanted="""stored_at > {since:DateTime64(3, 'UTC')}
  AND (published_at < {last:DateTime64(3, 'UTC')} OR (published_at = {last:DateTime64(3, 'UTC')} AND id <= {last_id:String}))
  AND (published_at, id) NOT IN
(
    SELECT published_at, document_id FROM story_members
    WHERE published_at >= {start:DateTime64(3, 'UTC')} AND published_at < {end:DateTime64(3, 'UTC')}
      AND (published_at, document_id) IN
    (
        SELECT published_at, id FROM documents
        WHERE published_at >= {start:DateTime64(3, 'UTC')} AND published_at < {end:DateTime64(3, 'UTC')}
          AND stored_at > {since:DateTime64(3, 'UTC')}
    )
)""",
)
_GIVEN = """
SELECT toDateTime64(tupleElement(pair, 1), 3, 'UTC'), tupleElement(pair, 2)
FROM (SELECT arrayJoin(arrayZip({times:Array(String)}, {ids:Array(String)})) AS pair)
"""
_NAMES = sql(
    "SELECT document_id, arraySort(groupUniqArray(entity)) FROM ($latest) GROUP BY document_id", latest=sql(LATEST, documents=_GIVEN)
)
# The oldest document that is still remembered was added when `oldest` was not yet past it; a late one that came after it may be older.
_FIRST = "SELECT min(version) FROM story_members WHERE published_at >= {oldest:DateTime64(3, 'UTC')}"
_ROWS = STORY_MEMBERS.select(
    "WHERE published_at >= {oldest:DateTime64(3, 'UTC')} AND version > {after:UInt64} ORDER BY version LIMIT {limit:UInt32}"
)


class StoryFormingQueries(Queries):
    """Documents that wait to be put into stories, and the rows that say where each belongs."""

    def now(self) -> datetime:
        """Return the store's own clock, by which documents are stamped as they are stored."""
        return utc(self._only(_NOW)[0])

    def last(self) -> StoryPosition | None:
        """Return the last document, in the order of time and id, that was put into a story; None: there is none."""
        for published_at, document_id in self._select(_LAST):
            return StoryPosition(utc(published_at), document_id)
        return None

    def settled(self, after: StoryPosition | None, until: datetime, limit: int) -> list[PendingDocument]:
        """Return the documents that come after `after` and were published before `until`, in the order of time and id, `limit` at most."""
        start, after_id = (after.published_at, after.document_id) if after else (EVER[0], "")
        return self._pending(_SETTLED, start=start, after_id=after_id, end=min(until, EVER[1]), limit=limit)

    def late(self, last: StoryPosition, oldest: datetime, since: datetime | None, limit: int) -> list[PendingDocument]:
        """Return documents up to `last` that are in no story, in the order of time and id, `limit` at most.

        Args:
            last: what `last` returned.
            oldest: what was published before is left out.
            since: only documents that were stored since, by the store's clock; None: whenever.
        """
        of = {"last": last.published_at, "last_id": last.document_id, "end": EVER[1]}
        return self._pending(_LATE, start=oldest, since=since or EVER[0], limit=limit, **of)

    def write(self, rows: Sequence[StoryMemberRow]) -> None:
        """Store rows, in the order in which their documents were added.

        Raises:
            StoreUnavailableError: not acknowledged; they may or may not be stored.
        """
        if rows:
            versions = self._versions.next(STORY_MEMBERS.name, len(rows))
            self._write(STORY_MEMBERS, [replace(row, version=version) for row, version in zip(rows, versions, strict=True)])

    def first_version(self, oldest: datetime) -> int:
        """Return the version of the first row that was added of those published at `oldest` or later; 0: there is none."""
        return int(self._only(_FIRST, oldest=oldest)[0])

    def rows(self, oldest: datetime, after: int, limit: int) -> list[StoryMemberRow]:
        """Return rows of documents published at `oldest` or later, in the order of adding, only those with a version above `after`."""
        return self._read(STORY_MEMBERS, _ROWS, oldest=oldest, after=after, limit=limit)

    def _pending(self, query: str, **params: object) -> list[PendingDocument]:
        found = [
            PendingDocument(key, utc(at), title, text) for key, at, title, text in self._select(query, characters=CHARACTERS, **params)
        ]
        if not found:
            return []
        times = [str(plain(document.published_at)) for document in found]
        named = dict(iter(self._select(_NAMES, times=times, ids=[document.id for document in found])))
        return [replace(document, names=tuple(named.get(document.id, ()))) for document in found]

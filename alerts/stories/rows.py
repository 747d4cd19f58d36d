"""Between what an index of stories says and remembers, and the rows of the store."""

from __future__ import annotations

from squall.core import text
from squall.storage.rows.stories import PendingDocument, StoryMemberRow
from squall.stories import LINKED_WINDOWS, Incoming, Remembered, StoryMember
from squall.stories.member import Counts


def incoming(document: PendingDocument) -> Incoming:
    """Return a stored document as an index takes it."""
    return Incoming(document.id, text.gist(document.title, document.text), document.published_at, document.names)


def row_of(document: PendingDocument, known: Remembered) -> StoryMemberRow:
    """Return the row of a document, given what the index remembers of it right after it was added."""
    member = known.member
    return StoryMemberRow(
        document.id,
        document.published_at,
        known.title,
        member.story_id,
        member.size,
        member.novelty,
        member.last,
        member.since_last,
        member.distance,
        *member.linked,
        names=known.names,
        linked_by_name=tuple(count for name in known.names for count in member.linked_by_name[name]),
        weight=known.weight,
        direction=known.direction,
        signs=tuple(("+" if sign > 0 else "-") + number for number, sign in known.signs.items()),
    )


def remembered(row: StoryMemberRow) -> Remembered:
    """Return what an index must know of the document of a row; the inverse of `row_of`."""
    by_name = {name: _counts(row.linked_by_name[place * _WINDOWS : (place + 1) * _WINDOWS]) for place, name in enumerate(row.names)}
    member = StoryMember(
        document=row.document_id,
        story_id=row.story_id,
        size=row.size,
        novelty=row.novelty,
        last=row.last_similar,
        since_last=row.seconds_since_last,
        distance=row.distance,
        linked=(row.linked_12h, row.linked_24h, row.linked_3d, row.linked_5d, row.linked_7d),
        linked_by_name=by_name,
    )
    signs = {sign[1:]: 1 if sign[0] == "+" else -1 for sign in row.signs}
    return Remembered(row.headline, row.published_at, row.names, row.weight, row.direction, signs, member)


_WINDOWS = len(LINKED_WINDOWS)


def _counts(read: tuple[int, ...]) -> Counts:
    a, b, c, d, e = read
    return a, b, c, d, e

"""Which version of a document was delivered: the first, one that is stored already, or a new one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from squall.core.records import Document, KnownVersion
from squall.core.text import version_id

_DAY: Final = timedelta(days=1)
_LIVE: Final = timedelta(days=1)
"""A document that was collected within this time of its publication was read as it came out, and so are later versions of it."""
_NEXT: Final = timedelta(milliseconds=1)


@dataclass
class Versions:
    """The versions of the documents of one micro-batch.

    The door gives a document the same id whatever its title and text are. The first content stored under an id is the first version and
    keeps the id. Other content (`Document.revision`) is a later version, whose id is made of both, so that it is the same one whenever it
    is delivered again. Content that was there before is no further version: sites that show two headlines in turn would have hundreds.

    Args:
        known: what is stored of the documents, as `DocumentQueries.known_versions` returns it.
        most_per_day: later versions of one document in 24 hours before a new one; with more of them it is left out.
    """

    known: Iterable[KnownVersion]
    most_per_day: int
    left_out: list[Document] = field(default_factory=list)
    """Those beyond `most_per_day`."""

    def __post_init__(self) -> None:
        self._of: dict[str, list[KnownVersion]] = {}
        for version in sorted(self.known, key=lambda version: version.published_at):
            self._of.setdefault(version.first_id, []).append(version)

    @property
    def scored(self) -> set[str]:
        """Ids of the versions that the present model has scored and stored."""
        return {version.id for versions in self._of.values() for version in versions if version.scored}

    @property
    def unscored(self) -> set[str]:
        """Ids of the versions that are stored without having been read by a model."""
        return {version.id for versions in self._of.values() for version in versions if version.unscored}

    def identified(self, document: Document) -> Document:
        """Return `document` as the version that it is: with its id, the first version's, and its time; call it in the order of delivery."""
        first_id, revision = document.first_id, document.revision
        versions = self._of.setdefault(first_id, [])
        if not versions:
            document = _as(document, first_id, "", document.published_at)
        elif same := next((version for version in versions if version.revision == revision), None):
            later = same.id != first_id
            return _as(document, same.id, first_id if later else "", same.published_at if later else document.published_at)
        else:
            published = _time_of(document, versions)
            document = _as(document, version_id(first_id, revision), first_id, published)
            if (
                sum(published - _DAY < version.published_at <= published for version in versions if version.id != first_id)
                >= self.most_per_day
            ):
                self.left_out.append(document)
                return document
        versions.append(KnownVersion(document.id, first_id, revision, document.published_at, document.collected_at, scored=False))
        return document


def _as(document: Document, own_id: str, revises: str, published_at: datetime) -> Document:
    if (document.id, document.revises, document.published_at) == (own_id, revises, published_at):
        return document
    return document.having(id=own_id, revises=revises, published_at=published_at)


def _time_of(document: Document, versions: list[KnownVersion]) -> datetime:
    """Return when a new version was published: after the others, unless the source dates it before them.

    Many sources repeat the time of the first version. Then it is when the new one was collected, where the first was collected as it came
    out; an archive that is read years later says nothing of when, so there it comes right after the last one.
    """
    first = next((version for version in versions if version.id == version.first_id), versions[0])
    latest = max(version.published_at for version in versions)
    if document.published_at > latest:
        return document.published_at
    seen = max(version.collected_at for version in versions)
    if first.collected_at - first.published_at <= _LIVE and document.collected_at > max(seen, latest):
        return document.collected_at
    return latest + _NEXT if document.published_at == first.published_at else document.published_at

"""What the conformance suite needs of a source: how to open it, and what it must deliver."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from random import Random
from typing import Any

from squall.core.clock import SystemClock
from squall.core.config.ingest import IngestSettings
from squall.core.observability.health import Health
from squall.entities.linking.linker import Linker
from squall.ingest.cursors import CursorStore
from squall.ingest.registry.context import SourceContext, SourceCursor, SourceReport
from squall.ingest.registry.http import SourceHttp
from squall.ingest.registry.source_type import SourceType
from squall.ingest.source import Source


class SourceRig(ABC):
    """A source over something that stays as it is, opened anew for each run with the same cursor."""

    titles: Sequence[str] = ()
    """Titles of the documents that it must deliver, in order, or the texts of those without; at least three, all different."""
    rejects: int = 0
    """How many items must be rejected."""
    ordered: bool = True
    """Whether documents come in the order of `titles`."""
    in_pieces: bool = False
    """Whether a batch may be a piece of something that is committed as a whole: pieces of it that were committed may come again."""
    one_in_flight: bool = False
    """Whether the next batch comes only after the commit of the one before."""
    quiet_seconds: float = 0.3
    """How long to watch a source that waits for new documents, to see that nothing comes."""

    @abstractmethod
    def open(self) -> AbstractContextManager[Source]:
        """Open the source; the end of the block closes what the rig itself has opened."""

    def is_in_contact(self) -> bool:
        """Return whether the source opened last has reached what it reads; a rig that can't tell says True."""
        return True


class TypeRig(SourceRig):
    """A rig of a type: makes the context and keeps the cursor in a folder.

    Args:
        kind: the type.
        options: of the source.
        folder: for the cursor; a test's own.
        titles: as of `SourceRig`.
        rejects: as of `SourceRig`.
        ordered: as of `SourceRig`.
    """

    def __init__(
        self,
        kind: SourceType[Any],
        options: Mapping[str, Any],
        folder: Path,
        *,
        titles: Sequence[str],
        rejects: int = 0,
        ordered: bool = True,
    ) -> None:
        self.kind = kind
        self.options = kind.Options.model_validate(options)
        self.titles, self.rejects, self.ordered = titles, rejects, ordered
        self._cursors = CursorStore(folder / "cursors")
        self._report: SourceReport | None = None

    def context(self) -> SourceContext:
        """Return a fresh context with the one cursor."""
        clock = SystemClock()
        self._report = SourceReport("conformance", Health(clock))
        return SourceContext(
            name="conformance",
            clock=clock,
            random=Random(1),  # noqa: S311 - jitter
            cursor=SourceCursor(self._cursors, "conformance"),
            report=self._report,
            http=SourceHttp(IngestSettings()),
            linker=_shipped_linker,
            allow_plaintext=True,
        )

    @contextmanager
    def open(self) -> Iterator[Source]:
        """Open the source; see `SourceRig`."""
        source = self.kind.open(self.options, self.context())
        try:
            yield source
        finally:
            source.close()

    def is_in_contact(self) -> bool:
        """Whether the source has reported a contact or delivered a batch."""
        return self._report is not None and self._report.contacts > 0


def _shipped_linker() -> Linker:
    from squall.core.config.entities import EntitySettings
    from squall.entities.catalogue.catalogue import Catalogue

    return Linker(Catalogue.open(EntitySettings()))

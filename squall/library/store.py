"""What was stored, as typed rows and pandas frames; read-only."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Sequence
from contextlib import ExitStack
from datetime import datetime
from typing import TYPE_CHECKING, Any, Generic, Literal, Self, TypeVar, overload

from pydantic import BaseModel, SecretStr

from squall.app.store import open_existing
from squall.core.config.loading import load_settings
from squall.core.config.settings import Settings
from squall.core.records import Alert, AlertState, EntityKind
from squall.storage.rows.counts import MinuteCount, SentimentCount, Totals
from squall.storage.rows.documents import ModelVersion, StoredDocument
from squall.storage.rows.entities import EntityCount
from squall.storage.rows.mentions import EntityDocument, StoredMention

if TYPE_CHECKING:
    import pandas as pd

Row = TypeVar("Row")


class Rows(Sequence[Row], Generic[Row]):
    """The rows of an answer: a sequence, and a pandas frame on request.

    Args:
        rows: dataclasses or records of one type.
        columns: names of the frame's columns, so that an empty answer has them too.
    """

    def __init__(self, rows: Iterable[Row], columns: Sequence[str]) -> None:
        self._rows = tuple(rows)
        self._columns = tuple(columns)

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, index: int) -> Row: ...

    @overload
    def __getitem__(self, index: slice) -> Rows[Row]: ...

    def __getitem__(self, index: int | slice) -> Row | Rows[Row]:
        return Rows(self._rows[index], self._columns) if isinstance(index, slice) else self._rows[index]

    def __eq__(self, other: object) -> bool:
        return self._rows == tuple(other) if isinstance(other, Sequence) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._rows)

    def __repr__(self) -> str:
        return f"Rows({list(self._rows)!r})"

    def to_frame(self) -> pd.DataFrame:
        """Return a pandas frame, one row per row and one column per field; times are aware UTC."""
        import pandas as pd

        return pd.DataFrame([[getattr(row, name) for name in self._columns] for row in self._rows], columns=list(self._columns))


class StoreReader:
    """An open store that is only read; close it, or use it in a `with` statement. Thread-safe.

    Spans are half-open, [start, end), in publication time (aware datetimes). A document counts once, as it was scored last.

    Args:
        settings: name the store.

    Raises:
        ConfigurationError: the URL is not the URL of a store, or leads to another machine in plaintext.
        StoreMissingError: there is no embedded store.
        SquallError: `squall store migrate` has not been run for this version.
        StoreLockedError: another process owns the embedded store.
        StoreUnavailableError: the server does not answer.
    """

    def __init__(self, settings: Settings) -> None:
        with ExitStack() as stack:
            self._store = stack.enter_context(open_existing(settings))
            self._stack = stack.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def documents(
        self,
        *,
        topic: str = "",
        source: str = "",
        symbol: str = "",
        sentiment: Literal["", "negative", "neutral", "positive"] = "",
        kind: Literal["", "news", "social"] = "",
        language: str = "",
        event: str = "",
        words: Sequence[str] = (),
        before: datetime | None = None,
        limit: int = 100,
    ) -> Rows[StoredDocument]:
        """Return documents, newest first, copies included, of each its newest version; an empty filter selects everything.

        Args:
            event: only documents that say that this happened, for example `accident` (docs/severity.md).
            words: title or text contains each of them, in any case.
            before: only documents published before this moment.
            limit: at most this many.
        """
        found = self._store.documents.search(
            topic=topic, source=source, symbol=symbol, sentiment=sentiment, kind=kind, language=language, event=event, words=words,
            before=before, limit=limit,
        )  # fmt: skip
        return _rows(found, StoredDocument)

    def top_documents(
        self,
        start: datetime,
        end: datetime,
        *,
        topic: str = "",
        symbols: Collection[str] = (),
        sentiment: Literal["negative", "neutral", "positive"] = "negative",
        limit: int = 10,
    ) -> Rows[StoredDocument]:
        """Return the documents of a span that are most certain of a sentiment; near-copies are one, `copies` counts the others."""
        return _rows(self._store.documents.top(topic, start, end, symbols=symbols, sentiment=sentiment, limit=limit), StoredDocument)

    def gravest_documents(
        self,
        start: datetime,
        end: datetime,
        *,
        at_least: float = 0.0,
        event: str = "",
        topic: str = "",
        symbols: Sequence[str] = (),
        limit: int = 10,
    ) -> Rows[StoredDocument]:
        """Return the gravest documents of a span; near-copies are one, `copies` counts the others.

        Documents that no model with a severity head has read are not among them.

        Args:
            at_least: only of this severity or more, 0 to 1.
            event: only documents that say that this happened.
            symbols: only documents about any of these.
        """
        filters = {"at_least": at_least, "event": event, "topic": topic, "symbols": symbols, "limit": limit}
        return _rows(self._store.severity.gravest(start, end, **filters), StoredDocument)  # type: ignore[arg-type]

    def document(self, document_id: str) -> StoredDocument | None:
        """Return one document, None where there is none of this id."""
        return self._store.documents.get(document_id)

    def versions(self, document_id: str, *, limit: int = 100) -> Rows[StoredDocument]:
        """Return a document as it was published and each time that its title or text had changed, newest first.

        Args:
            document_id: of any of its versions; empty where there is none of this id.
            limit: at most this many.
        """
        return _rows(self._store.documents.versions(document_id, limit=limit), StoredDocument)

    def mentions(self, documents: Collection[StoredDocument]) -> dict[str, Rows[StoredMention]]:
        """Return the names in each document by its id, in the order of their place, with the tone towards each.

        A name has a row for each place; that with `first` stands for the document. Empty for a document that names nobody, or was stored
        before names were read.
        """
        return {key: _rows(found, StoredMention) for key, found in self._store.mentions.of(documents).items()}

    def entity_documents(
        self,
        entity: str,
        start: datetime,
        end: datetime,
        *,
        sentiment: Literal["", "negative", "neutral", "positive"] = "",
        limit: int = 100,
    ) -> Rows[EntityDocument]:
        """Return the documents of a span that name an entity, newest first, copies included, each with the tone towards it.

        Args:
            entity: id, as `mentions`, `entities` and `squall entities search` give it.
            sentiment: towards the entity.
            limit: at most this many.
        """
        return _rows(self._store.mentions.documents(entity, start, end, sentiment=sentiment, limit=limit), EntityDocument)

    def entities(
        self,
        start: datetime,
        end: datetime,
        *,
        order: Literal["negative", "change", "volume", "gravest"] = "negative",
        limit: int = 20,
        kinds: Collection[EntityKind | str] = (),
        entities: Collection[str] = (),
    ) -> Rows[EntityCount]:
        """Return who is named in a span, with the counts of documents by the tone towards it and those of the span before; copies once.

        They are the counts that the detector's process keeps, a minute old at most while that runs.

        Args:
            order: most negative documents, largest change of them, most documents, or the gravest one first.
            limit: at most this many.
            kinds: `company`, `country`, …; empty: all.
            entities: only these ids; empty: all.

        Raises:
            ValueError: a kind that does not exist.
        """
        chosen = [EntityKind(kind) for kind in kinds]
        return _rows(self._store.entities.top(start, end, order=order, limit=limit, kinds=chosen, entities=entities), EntityCount)

    def counts(
        self,
        start: datetime,
        end: datetime,
        *,
        by: Literal["topic", "symbol", "source", "entity"] = "topic",
        names: Collection[str] = (),
        copies: bool = False,
    ) -> Rows[MinuteCount]:
        """Count documents per minute and sentiment, as the detector does; minutes without documents have no row.

        Args:
            by: what is counted; a document counts for each of its symbols, and for each entity by the tone towards that. The name, or the
                entity's id, is in the field `topic`.
            names: only these; empty: every topic, source or entity. Symbols must be named.
            copies: count near-copies of documents of the previous 24 hours as well.
        """
        if by == "entity":
            return _rows(self._store.entities.per_minute(start, end, entities=names, copies=copies).rows(), MinuteCount)
        return _rows(self._store.counts.per_minute(start, end, by=by, names=names, copies=copies).rows(), MinuteCount)

    def topics(self, start: datetime, end: datetime, *, copies: bool = False) -> Rows[SentimentCount]:
        """Count documents of a span per topic and sentiment, largest first."""
        return _rows(self._store.counts.by_topic(start, end, copies=copies), SentimentCount)

    def alerts(self, states: Collection[AlertState | str] = (), *, limit: int = 100) -> Rows[Alert]:
        """Return alerts in their newest state, last opened first.

        Args:
            states: `pending`, `firing`, `resolved`; empty: all.
            limit: at most this many.

        Raises:
            ValueError: a state that does not exist.
        """
        return _rows(self._store.alerts.latest([AlertState(state) for state in states] or None, limit), Alert)

    def alert(self, alert_id: str) -> Alert | None:
        """Return one alert in its newest state, None where there is none of this id."""
        return self._store.alerts.get(alert_id)

    def model_versions(self) -> Rows[ModelVersion]:
        """Return which model versions scored what is stored, last used first."""
        return _rows(self._store.documents.model_versions(), ModelVersion)

    def totals(self) -> Totals:
        """Count everything that the store holds."""
        return self._store.counts.totals()

    def close(self) -> None:
        """Close the store; may be called again."""
        self._stack.close()


def open_store(url: str | None = None, *, settings: Settings | None = None) -> StoreReader:
    """Open an existing store for reading. Nothing is created or changed.

    Args:
        url: `chdb:///folder` or `clickhouse://user:password@host:9000/database` (`clickhouses://` for TLS); None: as the settings say.
        settings: None: read as the command line does (`squall.load_settings`).

    Raises:
        SquallError: as `StoreReader`.
    """
    chosen = settings or load_settings()
    if url is not None:
        chosen = chosen.model_copy(update={"store": chosen.store.model_copy(update={"url": SecretStr(url)})})
    return StoreReader(chosen)


def _rows(rows: Iterable[Row], kind: type[Row]) -> Rows[Row]:
    fields: Any = kind.model_fields if issubclass(kind, BaseModel) else [field.name for field in dataclasses.fields(kind)]  # type: ignore[arg-type]
    return Rows(rows, list(fields))

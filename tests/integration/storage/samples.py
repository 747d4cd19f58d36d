"""Records for storage tests; times are near the wall clock, because rows expire some time after they were scored."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from squall.core.records import SENTIMENTS, Alert, AlertState, Document, Kind, ScoredDocument, Severity
from squall.storage import Store

NOW = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=1)
"""Noon yesterday."""


def document(number: int, published_at: datetime = NOW, **fields: object) -> Document:
    values: dict[str, object] = {
        "id": f"{number:032x}",
        "kind": Kind.NEWS,
        "source": "reuters",
        "title": f"Title {number}",
        "published_at": published_at,
        "collected_at": published_at + timedelta(seconds=1),
    }
    return Document.model_validate(values | fields)


def scored_ids(store: Store, documents: Sequence[Document], model_version: str) -> set[str]:
    """Return the ids of the versions of `documents` that this model has scored."""
    return {version.id for version in store.documents.known_versions(documents, model_version) if version.scored}


def scored(
    number: int,
    published_at: datetime = NOW,
    *,
    sentiment: str = "negative",
    topic: str = "Macro",
    fingerprint: int | None = None,
    model: str = "m1",
    scored_at: datetime = NOW,
    certainty: float = 0.8,
    **fields: object,
) -> ScoredDocument:
    """Return a scored document; every one has a fingerprint of its own unless one is given."""
    p = dict.fromkeys(SENTIMENTS, (1 - certainty) / 2) | {sentiment: certainty}
    return ScoredDocument(
        document=document(number, published_at, **fields),
        topic=topic,
        topic_probability=0.9,
        p_negative=p["negative"],
        p_neutral=p["neutral"],
        p_positive=p["positive"],
        fingerprint=2**63 + number if fingerprint is None else fingerprint,
        model_version=model,
        scored_at=scored_at,
    )


def alert(number: int, state: AlertState = AlertState.PENDING, **fields: object) -> Alert:
    values: dict[str, object] = {
        "id": f"{number:032x}",
        "topic": "M&A | Investments",
        "state": state,
        "severity": Severity.WARNING,
        "window_start": NOW - timedelta(hours=1),
        "window_end": NOW,
        "observed": 12,
        "expected": 1.5,
        "p_value": 1e-9,
        "negative_share": 0.75,
        "expected_share": 0.25,
        "method": "negative-binomial",
        "document_ids": ("a", "b'\t"),
        "opened_at": NOW,
        "updated_at": NOW,
    }
    return Alert.model_validate(values | fields)

"""Whatever is delivered again, scored again or cut off: each document has its mentions once."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from squall.core.records import ScoredDocument
from squall.storage import Store
from tests.integration.storage.mention_samples import naming
from tests.integration.storage.samples import NOW
from tests.integration.storage.test_mentions import insert_cut_off

MINUTE = timedelta(minutes=1)
SPAN = (NOW - timedelta(days=2), NOW + timedelta(days=2))
NAMES = ("company:a", "company:b", "found:c")


@dataclass(frozen=True)
class Delivery:
    """A batch of documents, as one model read them; `cut` inserts reach the store, and what is not acknowledged is not known."""

    numbers: tuple[int, ...]
    model: int
    names: tuple[int, ...]
    cut: int | None
    again: bool
    rolled: bool


@dataclass
class Expected:
    """What a store must answer: per document the last row that was acknowledged."""

    rows: dict[int, ScoredDocument] = field(default_factory=dict)

    def counts(self) -> Counter[str]:
        return Counter(mention.entity for row in self.rows.values() for mention in row.mentions)


DELIVERIES = st.builds(
    Delivery,
    numbers=st.lists(st.integers(0, 5), min_size=1, max_size=4, unique=True).map(tuple),
    model=st.integers(1, 3),
    names=st.lists(st.integers(0, len(NAMES) - 1), max_size=3, unique=True).map(tuple),
    cut=st.none() | st.integers(0, 1),
    again=st.booleans(),
    rolled=st.booleans(),
)


@pytest.mark.slow
@settings(max_examples=6, deadline=None)
@given(st.lists(DELIVERIES, min_size=1, max_size=8))
def test_each_document_has_its_mentions_once_in_any_interleaving(migrated: Store, deliveries: list[Delivery]) -> None:
    store = migrated
    for table in ("documents", "mentions", "entity_rollup", "entity_names", "rollup_position"):
        store._backend.command(f"TRUNCATE TABLE {table}", {})
    expected = Expected()
    cut_off: dict[int, ScoredDocument] = {}
    for place, delivery in enumerate(deliveries):
        rows = [
            naming(
                number,
                *(NAMES[name] for name in delivery.names),
                model=f"m{delivery.model}",
                published_at=NOW + number * MINUTE,
                scored_at=NOW + place * MINUTE,
            )
            for number in delivery.numbers
        ]
        if delivery.cut is not None:
            insert_cut_off(store, rows, f"t{place}", at=delivery.cut)
            if delivery.cut == 1:
                cut_off |= dict(zip(delivery.numbers, rows, strict=True))
        else:
            store.documents.insert(rows, token=f"t{place}")
            if delivery.again:
                store.documents.insert(rows, token=f"again{place}")
            expected.rows |= dict(zip(delivery.numbers, rows, strict=True))
            for number in delivery.numbers:
                cut_off.pop(number, None)
        if delivery.rolled:
            store.rollups.update()
    for number, row in cut_off.items():  # what was not acknowledged is delivered again, and scored anew
        after = row.model_copy(update={"scored_at": NOW + timedelta(hours=1)})
        store.documents.insert([after], token=f"redelivered{number}")
        expected.rows[number] = after
    store.rollups.update()

    counts = store.entities.per_minute(*SPAN)
    assert Counter({row.topic: 0 for row in counts.rows()}).keys() == expected.counts().keys()
    direct: Counter[str] = Counter()
    for row in counts.rows():
        direct[row.topic] += row.negative + row.neutral + row.positive
    kept = Counter({row.entity: row.documents for row in store.entities.top(*SPAN, limit=100)})
    assert direct == kept == expected.counts()
    documents = store.documents.search()
    found = {int(key, 16): [mention.entity for mention in mentions] for key, mentions in store.mentions.of(documents).items()}
    assert found == {number: [mention.entity for mention in row.mentions] for number, row in expected.rows.items()}

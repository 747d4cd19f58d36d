"""`squall.open_store`: typed, read-only answers from a real embedded store."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest

import squall
from squall import storage
from tests.integration.storage.mention_samples import mention, naming
from tests.integration.storage.samples import scored

APPLE, SHELL = "company:apple", "company:shell"

EVER = datetime(1990, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The URL of a store that holds thirty documents that were read for no names, and two that name somebody."""
    address = f"chdb://{tmp_path_factory.mktemp('library') / 'store'}"
    store = storage.open(address)
    store.schema.migrate()
    store.documents.insert([scored(number) for number in range(30)], token="thirty")
    store.documents.insert([naming(30, APPLE, mention(SHELL, 20, tone="positive")), naming(31, APPLE)], token="names")
    store.rollups.update()
    store.close()
    return address


def test_documents_are_typed_newest_first_and_become_a_frame(url: str) -> None:
    with squall.open_store(url) as store:
        found = store.documents(limit=10)
    assert isinstance(found[0], squall.StoredDocument)
    assert [row.published_at for row in found] == sorted((row.published_at for row in found), reverse=True)
    frame = found.to_frame()
    assert (len(found), len(frame), list(frame["id"])) == (10, 10, [row.id for row in found])
    assert isinstance(frame["published_at"].dtype, pd.DatetimeTZDtype)
    assert found[2:4] == list(found)[2:4]


def test_counts_topics_and_totals_agree(url: str) -> None:
    with squall.open_store(url) as store:
        totals, topics, counts = store.totals(), store.topics(*EVER, copies=True), store.counts(*EVER, copies=True)
    assert totals.documents == sum(row.total for row in topics) == sum(row.negative + row.neutral + row.positive for row in counts) == 32


def test_an_empty_answer_has_the_columns_of_a_full_one(url: str) -> None:
    with squall.open_store(url) as store:
        assert list(store.documents(topic="nothing").to_frame().columns) == list(store.documents().to_frame().columns)
        assert (len(store.alerts(["firing"])), "severity" in store.alerts().to_frame().columns) == (0, True)
        assert (store.alert("f" * 32), store.document("f" * 32)) == (None, None)
        with pytest.raises(ValueError, match="burning"):
            store.alerts(["burning"])


def test_one_document_is_found_by_its_id(url: str) -> None:
    with squall.open_store(url) as store:
        newest = store.documents(limit=1)[0]
        assert store.document(newest.id) == newest
        assert store.top_documents(newest.published_at, newest.published_at + timedelta(seconds=1), sentiment=newest.sentiment.value)


def test_documents_tell_whom_they_name_and_entities_what_is_said_of_them(url: str) -> None:
    with squall.open_store(url) as store:
        named = store.entity_documents(APPLE, *EVER)
        mentions = store.mentions(store.documents(limit=100))
        positive = store.entity_documents(SHELL, *EVER, sentiment="positive")
    assert len(mentions) == 32
    assert {row.document.id for row in named} == {key for key, found in mentions.items() if found}
    assert [(row.entity, row.sentiment) for row in mentions[positive[0].document.id]] == [(APPLE, "negative"), (SHELL, "positive")]
    assert len(next(iter(mentions.values())).to_frame().columns) == 21


def test_entities_are_counted_by_the_tone_towards_them(url: str) -> None:
    with squall.open_store(url) as store:
        since = store.entity_documents(APPLE, *EVER)[-1].document.published_at - timedelta(hours=1)
        span = (since, since + timedelta(days=2))
        ranked, shell = store.entities(*span), store.entities(*span, order="volume", entities=[SHELL], kinds=["company"])
        counts = store.counts(*EVER, by="entity", copies=True)
        with pytest.raises(ValueError, match="firm"):
            store.entities(*span, kinds=["firm"])
    assert [(row.entity, row.negative, row.positive) for row in ranked] == [(APPLE, 2, 0), (SHELL, 0, 1)]
    assert shell == ranked[1:]
    assert {(row.topic, row.negative, row.positive) for row in counts} >= {(SHELL, 0, 1)}
    assert sum(row.negative for row in counts if row.topic == APPLE) == 2


def test_a_store_that_is_not_there_is_an_error_and_is_not_created(tmp_path: Path) -> None:
    with pytest.raises(squall.SquallError, match="nothing"):
        squall.open_store(f"chdb://{tmp_path / 'nothing'}")
    assert list(tmp_path.iterdir()) == []


def test_a_url_of_another_kind_is_refused() -> None:
    with pytest.raises(squall.ConfigurationError, match="not the URL of a store"):
        squall.open_store("postgres://localhost/x")

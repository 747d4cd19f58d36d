"""A document that was taken back leaves the store with its versions, its mentions and its places in stories."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from squall.storage import Store
from tests.integration.storage.mention_samples import naming
from tests.integration.storage.samples import NOW, scored
from tests.integration.storage.test_stories import member

HOUR = timedelta(hours=1)
SPAN = (NOW - 24 * HOUR, NOW + 24 * HOUR)
TABLES = {"documents": "id", "mentions": "document_id", "story_members": "document_id"}


def ids(store: Store, table: str) -> set[str]:
    return {key for (key,) in store.read(f"SELECT DISTINCT {TABLES[table]} FROM {table}")}


def test_a_document_is_deleted_with_all_that_was_made_of_it(store: Store) -> None:
    first = naming(1, "company:a")
    later = scored(2, NOW + HOUR, revises=first.document.id, title="A later version")
    kept = naming(3, "company:a")
    store.documents.insert([first, later, kept], token="a")
    store.story_forming.write([member(1, 1), member(3, 3)])
    assert store.documents.mark_deleted([first.document.id, "f" * 32]) == 1
    assert store.documents.get(first.document.id) is not None, "nothing is deleted yet"
    assert store.documents.delete_marked() == 1
    for table in TABLES:
        assert ids(store, table) == {kept.document.id}, table
    assert store.documents.get(later.document.id) is None
    assert store.documents.known_versions([first.document], "m1") == []
    assert store.documents.delete_marked() == 0


def test_a_deletion_is_marked_again_when_the_document_comes_again(store: Store) -> None:
    row = scored(1)
    for token in ("a", "b"):
        store.documents.insert([row], token=token)
        assert store.documents.mark_deleted([row.document.id, row.document.id]) == 1
        assert store.documents.delete_marked() == 1
        assert ids(store, "documents") == set()


@pytest.mark.parametrize("compared", [2_000, 2])
def test_a_document_that_comes_again_after_it_was_marked_is_kept(store: Store, compared: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("squall.storage.queries.versions._COMPARED", compared)
    row, other = scored(1), scored(2)
    store.documents.insert([row, other], token="a")
    assert store.documents.mark_deleted([row.document.id, other.document.id]) == 2
    assert store.documents.mark_deleted([], kept=[row.document.id, "f" * 32]) == 0
    assert store.documents.delete_marked() == 1
    assert ids(store, "documents") == {row.document.id}
    assert store.documents.mark_deleted([row.document.id]) == 1
    assert store.documents.delete_marked() == 1


def test_one_that_is_marked_again_while_it_is_being_deleted_stays_marked(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    row = scored(1)
    store.documents.insert([row], token="a")
    store.documents.mark_deleted([row.document.id])
    command = store.documents._command

    def comes_again_meanwhile(statement: str, **parameters: Any) -> None:
        command(statement, **parameters)
        if "TABLE documents" in statement:
            store.documents.insert([row], token="b")
            store.documents.mark_deleted([row.document.id])

    with monkeypatch.context() as patched:
        patched.setattr(store.documents, "_command", comes_again_meanwhile)
        assert store.documents.delete_marked() == 1
    assert ids(store, "documents") == {row.document.id}
    assert store.documents.delete_marked() == 1
    assert ids(store, "documents") == set()


def test_one_that_comes_again_while_it_is_being_deleted_is_kept_with_its_mentions(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    row, later = naming(1, "company:a"), scored(2, NOW + HOUR, revises=naming(1, "company:a").document.id, title="A later version")
    store.documents.insert([row, later], token="a")
    store.documents.mark_deleted([row.document.id])
    command = store.documents._command

    def comes_again_meanwhile(statement: str, **parameters: Any) -> None:
        if "story_members" in statement:
            assert store.documents.known_versions([row.document], "m1") == [], "so that the worker stores it again"
            store.documents.mark_deleted([], kept=[row.document.id])
            store.documents.insert([row], token="b")
        command(statement, **parameters)

    with monkeypatch.context() as patched:
        patched.setattr(store.documents, "_command", comes_again_meanwhile)
        assert store.documents.delete_marked() == 1
    assert ids(store, "documents") == ids(store, "mentions") == {row.document.id}
    assert [version.id for version in store.documents.known_versions([row.document], "m1")] == [row.document.id]
    assert store.documents.delete_marked() == 0


def test_what_is_not_stored_is_not_marked(store: Store) -> None:
    assert store.documents.mark_deleted([]) == 0
    assert store.documents.mark_deleted(["f" * 32]) == 0
    assert store.documents.delete_marked() == 0

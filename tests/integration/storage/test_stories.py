"""Documents in stories, as the store keeps them: which wait, in which order, and what is read of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from squall.core.errors import StoreError
from squall.storage import Store
from squall.storage.rows.stories import DocumentStory, StoryMemberRow, StoryPosition
from tests.integration.storage.mention_samples import naming
from tests.integration.storage.samples import NOW, scored

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)


def key(number: int) -> str:
    return f"{number:032x}"


def member(number: int, story: int, size: int = 1, minutes: float = 0, **fields: object) -> StoryMemberRow:
    values: dict[str, object] = {
        "document_id": key(number),
        "published_at": NOW + minutes * MINUTE,
        "headline": f"Title {number}",
        "story_id": key(story),
        "size": size,
        "novelty": 100,
        "last_similar": "",
        "seconds_since_last": None,
        "distance": None,
        **dict.fromkeys(("linked_12h", "linked_24h", "linked_3d", "linked_5d", "linked_7d"), 0),
        "names": (),
        "linked_by_name": (),
        "weight": 12.5,
        "direction": 0,
        "signs": (),
    }
    return StoryMemberRow(**(values | fields))  # type: ignore[arg-type]


FULL = member(
    2,
    1,
    2,
    novelty=75,
    last_similar=key(1),
    seconds_since_last=61.25,
    distance=0.1234567890123,
    linked_12h=1,
    linked_7d=3,
    names=("company:a", "country:ü\t'"),
    linked_by_name=(1, 1, 1, 1, 1, 0, 0, 0, 0, 2),
    direction=-1,
    signs=("-%3.2", "+m158"),
)


def test_a_row_is_read_as_it_was_written_in_the_order_of_adding(store: Store) -> None:
    store.story_forming.write([member(5, 5, minutes=3), FULL])
    store.story_forming.write([member(1, 1, minutes=-1)])
    rows = store.story_forming.rows(NOW - DAY, 0, 10)
    assert [row.document_id for row in rows] == [key(5), key(2), key(1)]
    assert replace(rows[1], version=0) == FULL
    assert [row.version for row in rows] == sorted({row.version for row in rows})
    assert store.story_forming.rows(NOW - DAY, rows[0].version, 1) == rows[1:2]
    assert store.story_forming.first_version(NOW) == rows[0].version
    assert store.story_forming.first_version(NOW + DAY) == 0


def test_documents_settle_in_the_order_of_time_and_id_with_the_names_that_they_are_about(store: Store) -> None:
    rows = [
        naming(3, "company:b", "company:a", published_at=NOW),
        naming(2, published_at=NOW),
        scored(1, NOW + MINUTE, text="Title 1 and more"),
        scored(4, NOW + 2 * MINUTE),
    ]
    store.documents.insert(rows, token="t")
    found = store.story_forming.settled(None, NOW + 2 * MINUTE, 10)
    assert [(row.id, row.names) for row in found] == [(key(2), ()), (key(3), ("company:a", "company:b")), (key(1), ())]
    assert (found[2].title, found[2].text) == ("Title 1", "Title 1 and more")
    after = StoryPosition(NOW, key(2))
    assert [row.id for row in store.story_forming.settled(after, NOW + 2 * MINUTE, 1)] == [key(3)]
    assert store.story_forming.settled(StoryPosition(NOW + MINUTE, key(1)), NOW + 2 * MINUTE, 10) == []


def test_a_document_that_was_scored_again_waits_once_and_as_it_is_now(store: Store) -> None:
    store.documents.insert([scored(1), scored(1, model="m2", scored_at=NOW + MINUTE, title="Corrected")], token="t")
    assert [row.title for row in store.story_forming.settled(None, NOW + DAY, 10)] == ["Corrected"]


def test_late_documents_are_those_before_the_last_that_have_no_row(store: Store) -> None:
    store.documents.insert([scored(n, NOW + n * MINUTE) for n in range(6)], token="t")
    store.story_forming.write([member(n, n, minutes=n) for n in (1, 4)])
    last = store.story_forming.last()
    assert last == StoryPosition(NOW + 4 * MINUTE, key(4))
    assert [row.id for row in store.story_forming.late(last, NOW, None, 10)] == [key(0), key(2), key(3)]
    assert [row.id for row in store.story_forming.late(last, NOW, None, 2)] == [key(0), key(2)]
    assert [row.id for row in store.story_forming.late(last, NOW + 2 * MINUTE, None, 10)] == [key(2), key(3)]
    now = store.story_forming.now()
    assert [row.id for row in store.story_forming.late(last, NOW, now - DAY, 10)] == [key(0), key(2), key(3)]
    assert store.story_forming.late(last, NOW, now, 10) == []


def test_the_story_of_a_document_has_its_size_of_now_and_the_novelty_of_then(store: Store) -> None:
    documents = [scored(n, NOW + n * MINUTE) for n in range(5)]
    store.documents.insert(documents, token="t")
    rows = [member(0, 0, 1, 0), member(1, 0, 2, 1, novelty=75), member(3, 0, 3, 3, novelty=56), member(4, 4, 1, 4)]
    store.story_forming.write(rows)
    found = store.stories.of(store.documents.search())
    assert found == {
        key(0): DocumentStory(key(0), 3, 100),
        key(1): DocumentStory(key(0), 3, 75),
        key(3): DocumentStory(key(0), 3, 56),
        key(4): DocumentStory(key(4), 1, 100),
    }
    assert store.stories.of([]) == {}
    assert [row.id for row in store.stories.documents(key(0))] == [key(3), key(1), key(0)]
    assert [row.id for row in store.stories.documents(key(0), limit=2)] == [key(3), key(1)]
    assert store.stories.documents(key(2)) == []


def test_a_row_that_is_written_again_replaces_the_first_for_readers(store: Store) -> None:
    store.documents.insert([scored(1)], token="t")
    store.story_forming.write([member(1, 1)])
    store.story_forming.write([member(1, 1)])
    store._backend.command("OPTIMIZE TABLE story_members FINAL", {})
    assert len(store.story_forming.rows(NOW - DAY, 0, 10)) == 1
    assert store.stories.of(store.documents.search()) == {key(1): DocumentStory(key(1), 1, 100)}


def test_rows_are_kept_as_long_as_the_settings_say(store: Store) -> None:
    ((created,),) = store.read("SELECT create_table_query FROM system.tables WHERE name = 'story_members' AND database = currentDatabase()")
    assert "toIntervalDay(400)" in created


def test_a_store_that_was_not_migrated_says_what_to_do(store: Store) -> None:
    store._backend.command("RENAME TABLE story_members TO story_members_gone", {})
    try:
        with pytest.raises(StoreError, match="squall store migrate"):
            store.story_forming.last()
    finally:
        store._backend.command("RENAME TABLE story_members_gone TO story_members", {})

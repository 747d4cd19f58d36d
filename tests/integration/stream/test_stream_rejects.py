"""Messages that are no documents: dead-lettered with their origin while their neighbours are stored, up to a limit."""

from __future__ import annotations

from collections.abc import Callable

import orjson
import pytest

from squall import storage
from squall.core.codec import HEADERS, SCHEMA_HEADER, encode_document
from tests.support.doubles import UNSCORABLE, document
from tests.support.kafka_harness import KafkaHarness

pytestmark = pytest.mark.slow

GOOD = encode_document(document(0))
FIELDS = orjson.loads(GOOD)
MALFORMED: dict[str, list[tuple[bytes | None, list[tuple[str, bytes]]]]] = {
    "empty_message": [(None, HEADERS)],
    "broken_json": [
        (b"{broken", HEADERS),
        (GOOD[:-1] + b',"text":"\\ud800"}', HEADERS),
        (GOOD[:-1] + b',"x":' + b"[" * 300 + b"]" * 300 + b"}", HEADERS),
    ],
    "broken_encoding": [(b"\xff\xfe", []), (b"\xff\xfe", HEADERS)],
    "not_an_object": [(b"[]", HEADERS)],
    "missing_field": [(b"{}", HEADERS)],
    "unknown_schema": [(GOOD, [(SCHEMA_HEADER, b"99")]), (GOOD, [(SCHEMA_HEADER, b"9" * 5000)])],
    "invalid_field": [
        (orjson.dumps(FIELDS | {"published_at": "9999-12-31T23:59:59-12:00"}), HEADERS),
        (orjson.dumps(FIELDS | {"collected_at": "9999-12-31T23:59:59Z"}), HEADERS),
        (orjson.dumps(FIELDS | {"published_at": "1970-01-01T00:00:00Z"}), HEADERS),
    ],
    "scoring_failed": [(encode_document(document(5000, title=f"{UNSCORABLE} text")), HEADERS)],
}


def test_a_malformed_message_is_dead_lettered_its_neighbours_are_stored_and_a_tombstone_has_one_deleted(
    make_harness: Callable[..., KafkaHarness], bootstrap_servers: str
) -> None:
    harness = make_harness(bootstrap_servers, partitions=1)
    neighbours = [document(n) for n in range(1, 40)]
    messages = [(each.id.encode(), encode_document(each), HEADERS) for each in neighbours]
    malformed = [(reason, value, headers) for reason, cases in MALFORMED.items() for value, headers in cases]
    for place, (_, value, headers) in enumerate(malformed):
        messages.insert(3 * place + 1, (b"malformed", value, headers))
    taken_back = neighbours[0]
    harness.publish_raw([*messages, (taken_back.id.encode(), None, HEADERS)])
    worker = harness.worker()
    harness.drained()
    assert worker.stop() == 0, harness.explain()
    letters = harness.dead_letters()
    assert [letter.headers["squall-reason"] for letter in letters] == [reason for reason, *_ in malformed]
    assert [int(letter.headers["squall-offset"]) for letter in letters] == [3 * place + 1 for place in range(len(malformed))]
    assert [letter.value for letter in letters[:-1]] == [value or b"" for _, value, _ in malformed[:-1]]
    for letter in letters:
        assert letter.headers["squall-topic"] == harness.kafka.documents_topic
        assert letter.headers["squall-partition"] == "0"
        assert letter.headers["squall-detail"]
    store = storage.open(harness.store_url)
    try:
        assert {version.id for version in store.documents.known_versions(neighbours, "hash-1") if version.scored} == {
            each.id for each in neighbours if each is not taken_back
        }
        assert store.counts.totals().documents == len(neighbours)
        assert store.documents.delete_marked() == 1
        assert store.documents.get(taken_back.id) is None
    finally:
        store.close()


def test_too_many_rejects_in_a_row_stop_the_worker_instead_of_dead_lettering_everything(
    make_harness: Callable[..., KafkaHarness], bootstrap_servers: str
) -> None:
    harness = make_harness(bootstrap_servers, partitions=1)
    harness.publish_raw([(b"x", b"{from a bad deploy", HEADERS)] * 300)
    worker = harness.worker(PROCESSOR__MAX_CONSECUTIVE_REJECTS="20")
    assert worker.ended() == 1, harness.explain()
    where = f"{harness.kafka.documents_topic}, partition 0"
    assert f"error: {where}: 21 items in a row were rejected (limit 20), the last, at offset 20, with broken_json" in worker.output()
    assert "SQUALL_PROCESSOR__MAX_CONSECUTIVE_REJECTS" in worker.output()
    assert len(harness.dead_letters()) <= 20
    assert harness.lag() >= 280

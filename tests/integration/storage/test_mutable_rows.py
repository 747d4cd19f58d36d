from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from squall.core.clock import ManualClock
from squall.core.items import DeadLetter, Origin, Progress
from squall.core.records import AlertState, SeriesKind
from squall.storage import Store
from squall.storage.rows.alerting import Acknowledgement, Claim, Notification, QueuedMessage, Silence
from squall.storage.rows.detector import DetectorPosition
from tests.integration.storage.samples import NOW, alert

MINUTE = timedelta(minutes=1)


def progress(stream: str, partition: int, position: int) -> Progress:
    return Progress(stream, partition, position, NOW + position * MINUTE, position % 2 == 0, NOW)


def test_the_last_progress_of_a_partition_wins_even_when_it_goes_back(store: Store) -> None:
    store.progress.write([progress("kafka", 0, 5), progress("kafka", 1, 6), progress("kafka", 0, 7)])
    store.progress.write([progress("kafka", 0, 2)])
    assert store.progress.all() == [progress("kafka", 0, 2), progress("kafka", 1, 6)]


def test_a_retired_stream_stops_counting_until_it_is_written_again(store: Store) -> None:
    store.progress.write([progress("old", 0, 1), progress("new", 0, 2)])
    store.progress.retire({"new", "not there"})
    assert store.progress.all() == [progress("new", 0, 2)]
    store.progress.write([progress("old", 0, 3)])
    assert store.progress.all() == [progress("new", 0, 2), progress("old", 0, 3)]
    store.progress.retire(set())
    store.progress.retire(set())
    assert store.progress.all() == []


def letter(offset: int, reason: str = "broken_json", raw: bytes = b"{\xff\0\n") -> DeadLetter:
    return DeadLetter(Origin("squall.documents", 3, offset), reason, "detail\t'\\", raw, NOW)


def test_an_item_rejected_again_is_one_dead_letter(store: Store) -> None:
    store.dead_letters.write([letter(1), letter(2), letter(3, "missing_field")])
    store.dead_letters.write([letter(1), letter(2)])
    assert store.dead_letters.by_reason() == [("broken_json", 2), ("missing_field", 1)]
    assert store.dead_letters.latest() == [letter(2), letter(1), letter(3, "missing_field")]
    assert store.dead_letters.latest(limit=1) == [letter(2)]
    assert store.counts.totals().dead_letters == 3


def test_a_dead_letter_keeps_a_detail_that_is_not_valid_text(store: Store) -> None:
    store.dead_letters.write([replace(letter(1), detail="lone \ud800 surrogate")])
    assert store.dead_letters.latest()[0].detail == "lone ? surrogate"


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(raw=st.binary(max_size=300))
def test_the_bytes_of_a_dead_letter_come_back_as_they_were(migrated: Store, raw: bytes) -> None:
    migrated.dead_letters.write([letter(99, raw=raw)])
    assert migrated.dead_letters.latest(limit=1)[0].raw == raw


def test_the_detector_goes_on_where_it_stopped(store: Store) -> None:
    assert store.detector.position("negative") is None
    store.detector.write_position("negative", NOW, '{"a": "\\n"}')
    store.detector.write_position("negative", NOW + MINUTE, '{"b": 1}')
    store.detector.write_position("other", NOW, "{}")
    assert store.detector.position("negative") == DetectorPosition("negative", NOW + MINUTE, '{"b": 1}')


def test_alerts_are_shown_in_their_newest_state(store: Store) -> None:
    firing = alert(1, AlertState.FIRING, fired_at=NOW + MINUTE)
    resolved = alert(2, AlertState.RESOLVED, fired_at=NOW, resolved_at=NOW + 5 * MINUTE, opened_at=NOW - MINUTE)
    store.alerts.write([alert(1), resolved])
    store.alerts.write([firing])
    assert store.alerts.latest() == [firing, resolved]
    assert store.alerts.latest({AlertState.PENDING}) == store.alerts.latest(set()) == []
    assert store.alerts.latest({AlertState.RESOLVED, AlertState.PENDING}) == [resolved]
    assert store.alerts.latest(limit=1) == [firing]
    assert store.alerts.get(firing.id) == firing
    assert store.alerts.get("0" * 32) is None


def test_an_alert_keeps_what_it_is_about_and_what_was_expected(store: Store) -> None:
    symbol = alert(4, kind=SeriesKind.SYMBOL, topic="$AAPL", test="burn", expected_low=0.5, expected_high=6.25)
    store.alerts.write([symbol])
    assert store.alerts.get(symbol.id) == symbol


def test_a_breach_that_ended_before_it_fired_is_no_alert(store: Store) -> None:
    gone = alert(3, AlertState.RESOLVED, resolved_at=NOW + MINUTE)
    store.alerts.write([gone])
    assert store.alerts.latest() == []
    assert store.alerts.get(gone.id) == gone


def next_ids(store: Store, receiver: str = "default", after: QueuedMessage | None = None, limit: int = 10) -> list[str]:
    return [message.id for message in store.notifications.next_in_groups(receiver, after, limit)]


def test_a_notification_waits_until_it_was_sent(store: Store) -> None:
    queued = Notification("n1", "a1", "firing", "queued", 0, "", b"Subject: x\r\n\r\n\xff\0", NOW, NOW)
    later = replace(queued, id="n0", alert_id="a0", created_at=NOW + MINUTE)
    store.notifications.write([later, queued])
    assert store.notifications.waiting() == {"default": 2}
    assert next_ids(store) == ["n1", "n0"]
    retried = replace(queued, attempts=1, last_error="refused", updated_at=NOW + MINUTE)
    store.notifications.write([retried])
    assert store.notifications.next_in_groups("default", None, 1) == [QueuedMessage("n1", "a1", 1, "refused", NOW, NOW + MINUTE)]
    store.notifications.write([replace(retried, status="sent", attempts=2)])
    assert store.notifications.waiting() == {"default": 1}
    assert next_ids(store) == ["n0"]
    found = store.notifications.get("n1")
    assert found is not None
    assert (found.status, found.attempts, found.message) == ("sent", 2, queued.message)
    assert store.notifications.get("n2") is None


def test_only_the_next_message_of_each_group_is_sent_next_and_pages_follow_one_another(store: Store) -> None:
    first = Notification("g1-9-aa-desk", "g1", "firing", "queued", 0, "", b"", NOW, NOW, receiver="desk")
    second = replace(first, id="g1-10-bb-desk", created_at=NOW - MINUTE)  # the clock was set back
    other = replace(first, id="g2-1-cc-desk", alert_id="g2", created_at=NOW + MINUTE)
    elsewhere = replace(first, id="g3-1-dd-ops", alert_id="g3", receiver="ops")
    store.notifications.write([elsewhere, other, second, first])
    assert store.notifications.waiting() == {"desk": 3, "ops": 1}
    assert next_ids(store, "desk") == [first.id, other.id]
    page = store.notifications.next_in_groups("desk", None, 1)
    assert [message.id for message in page] == [first.id]
    assert next_ids(store, "desk", page[-1], 1) == [other.id]
    store.notifications.write([replace(first, status="sent")])
    assert next_ids(store, "desk") == [second.id, other.id]
    assert next_ids(store, "nobody") == []


def test_the_messages_about_an_alert_are_found_whether_it_comes_first_in_them_or_not(store: Store) -> None:
    storm = Notification("n1", "group", "firing", "sent", 1, "", b"", NOW, NOW, receiver="desk", alert_ids=("a1", "a2"))
    alone = Notification("n2", "a2", "resolved", "queued", 0, "", b"", NOW + MINUTE, NOW + MINUTE)
    store.notifications.write([alone, storm])
    assert store.notifications.about("a1") == [storm]
    assert store.notifications.about("a2") == [storm, alone]
    assert store.notifications.about("a3") == []


def test_a_silence_is_active_from_its_start_until_before_its_end(store: Store) -> None:
    silence = Silence("s1", ("topic=Energy*", "severity=warning"), "ann", "it's \t known", NOW, NOW + MINUTE)
    later = Silence("s2", ("kind=symbol",), "bob", "", NOW + MINUTE, NOW + 2 * MINUTE)
    store.silences.write([silence, later])
    assert store.silences.all() == [later, silence]
    assert store.silences.active(NOW - MINUTE) == store.silences.active(NOW + 2 * MINUTE) == []
    assert store.silences.active(NOW) == [silence]
    assert store.silences.active(NOW + MINUTE) == [later]
    store.silences.write([replace(later, ends_at=NOW + MINUTE)])
    assert store.silences.active(NOW + MINUTE) == []
    assert len(store.silences.all()) == 2


def test_the_last_word_about_an_alert_counts(store: Store) -> None:
    first, last = Acknowledgement("a1", "ann", "on it", NOW), Acknowledgement("a1", "bob", "mine \ud800", NOW + MINUTE)
    store.acknowledgements.write(first)
    assert store.acknowledgements.of(["a1", "a2"]) == [first]
    store.acknowledgements.write(last)
    assert store.acknowledgements.of({"a1"}) == [replace(last, note="mine ?")]
    assert store.acknowledgements.of(["a2"]) == store.acknowledgements.of([]) == []


def test_each_owner_of_a_lease_has_one_claim_at_most(store: Store) -> None:
    ann, bob = Claim("detector", "ann", NOW), Claim("detector", "bob", NOW + MINUTE)
    store.leases.write(ann)
    store.leases.write(bob)
    store.leases.write(Claim("other", "ann", NOW))
    store.leases.write(replace(ann, until=NOW + 2 * MINUTE))
    assert store.leases.claims("detector") == [replace(ann, until=NOW + 2 * MINUTE), bob]


def test_writing_nothing_is_allowed(store: Store) -> None:
    store.progress.write([])
    store.dead_letters.write([])
    store.alerts.write([])
    store.notifications.write([])
    store.silences.write([])
    assert store.progress.all() == store.dead_letters.latest() == store.alerts.latest() == store.silences.all() == []
    assert store.notifications.waiting() == {}


def test_a_writer_whose_clock_is_behind_still_has_the_last_word(store: Store) -> None:
    """A clock was set back an hour and the process started again, or another machine's clock is ahead."""
    ahead = Store(store._backend, ManualClock(NOW + timedelta(hours=1)), 90)
    behind = Store(store._backend, ManualClock(NOW), 90)
    ahead.progress.write([progress("kafka", 0, 5)])
    ahead.detector.write_position("negative", NOW, "{}")
    behind.progress.write([progress("kafka", 0, 6)])
    behind.detector.write_position("negative", NOW + MINUTE, "{}")
    assert store.progress.all() == [progress("kafka", 0, 6)]
    assert store.detector.position("negative") == DetectorPosition("negative", NOW + MINUTE, "{}")

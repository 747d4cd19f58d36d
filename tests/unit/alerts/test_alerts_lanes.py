"""One receiver's messages: order, the lease before each of them, and what is stored about each."""

from __future__ import annotations

import random
import threading
from dataclasses import replace
from datetime import timedelta

import pytest

from squall.alerts.delivery.lane import Lane
from squall.alerts.delivery.retries import FIRST_RETRY, LONGEST_RETRY, REFUSED_RETRY, seconds_until_due
from squall.alerts.interfaces import DeliveryRefusedError, DeliveryUnavailableError
from squall.alerts.lease import Lease
from squall.core.clock import ManualClock
from squall.core.errors import StoreUnavailableError
from squall.storage.rows.alerting import QueuedMessage
from tests.support.alert_mail import NOW, MemoryOutbox, held_lease, notification
from tests.support.stepping import ClaimStore

SECONDS = 60.0


class Doing:
    """A sender that calls `act` with the number of the message, 1 for the first."""

    def __init__(self, act=lambda _number: None):
        self.act, self.sent = act, []

    def send(self, item):
        self.sent.append(item.id)
        self.act(len(self.sent))

    def describe(self):
        return "doing"


class Bench:
    """A lane over a queue in memory, and another process that may take its lease."""

    def __init__(self, queue, sender):
        self.clock, self.claims = ManualClock(NOW), ClaimStore()
        self.lease = held_lease(self.clock, SECONDS, self.claims)
        self.other = Lease(self.claims, "detector", "another process", SECONDS, self.clock)
        self.queue, self.sender, self.stopping, self.outcomes = queue, sender, threading.Event(), []
        self.lane = Lane("default", queue, sender, self.lease, self.clock, self.stopping, self.outcomes.append)

    def lose(self, *, to_another):
        """Let the lease expire, as when the process is stopped for long."""
        self.clock.advance(SECONDS + 10)
        assert not to_another or self.other.hold()


def lane_over(*messages, act=lambda _number: None):
    return Bench(MemoryOutbox(*messages), Doing(act))


def test_a_lane_whose_lease_was_lost_stops_before_its_next_message_and_marks_nothing():
    at = lane_over(notification(1), notification(2), act=lambda _number: at.lose(to_another=True))
    before = dict(at.queue.rows)
    assert at.lane.work() == 0
    assert at.sender.sent == ["n1"]
    assert at.queue.rows == before, "its result is the next holder's to say"
    assert at.lane.work() == 0
    assert at.sender.sent == ["n1"]


def test_what_the_next_holder_did_with_a_message_is_not_overwritten():
    at = lane_over(notification(1), act=lambda _number: at.lose(to_another=True))
    at.lane.work()
    theirs = replace(notification(1), attempts=1, last_error="refused: theirs", updated_at=at.clock.now())
    at.queue.write([theirs])
    at.other.release()
    assert at.lease.hold()
    at.lane.work()
    assert at.queue.rows["n1"] == theirs
    assert at.sender.sent == ["n1"]


def test_a_process_that_slept_and_found_nobody_in_its_place_stores_what_it_sent():
    at = lane_over(notification(1), notification(2), act=lambda number: at.lose(to_another=False) if number == 1 else None)
    assert at.lane.work() == 0
    assert at.lease.hold()
    at.lane.work()
    assert at.sender.sent == ["n1", "n2"], "nothing is sent twice"
    assert {row.status for row in at.queue.rows.values()} == {"sent"}


def test_a_page_read_under_an_earlier_term_is_not_sent_from():
    at = lane_over(notification(1))
    get = at.queue.get

    def sleeps_while_it_reads(key):
        found = get(key)
        if not at.sender.sent and at.lease.term == 1:
            at.lose(to_another=False)
            assert at.lease.hold()
        return found

    at.queue.get = sleeps_while_it_reads
    assert at.lane.work() == 0
    assert at.sender.sent == []
    at.lane.work()
    assert at.sender.sent == ["n1"]


def test_a_standby_sends_nothing():
    at = lane_over(notification(1))
    at.lease.release()
    assert at.other.hold()
    assert at.lane.work() == 0
    assert at.sender.sent == []


def test_a_store_that_goes_away_after_a_message_was_sent_does_not_have_it_sent_twice():
    at = lane_over(notification(1), notification(2))
    write = at.queue.write
    at.queue.write = lambda _rows: (_ for _ in ()).throw(StoreUnavailableError("the store went away"))
    for _ in range(3):
        with pytest.raises(StoreUnavailableError):
            at.lane.work()
    assert at.sender.sent == ["n1"], "no other message is begun before the result is stored"
    at.queue.write = write
    at.lane.work()
    assert at.sender.sent == ["n1", "n2"]
    assert {row.status for row in at.queue.rows.values()} == {"sent"}


def test_a_closed_lane_uses_the_store_no_more_and_goes_on_when_it_is_opened():
    at = lane_over(notification(1), notification(2))
    at.sender.act = lambda _number: at.lane.close(1.0)
    before = dict(at.queue.rows)
    assert at.lane.work() == 0
    assert at.queue.rows == before
    at.sender.act = lambda _number: None
    at.lane.open()
    at.lane.work()
    assert at.sender.sent == ["n1", "n2"]


def test_a_lane_that_is_stopped_begins_no_message():
    at = lane_over(notification(1), notification(2), act=lambda _number: at.stopping.set())
    assert at.lane.work() == 0
    assert at.sender.sent == ["n1"]
    assert at.queue.rows["n1"].status == "sent"


def test_while_a_receiver_does_not_answer_a_new_message_waits_for_the_pause():
    errors = [DeliveryUnavailableError("down")]

    def fail_at_first(_number):
        if errors:
            raise errors.pop()

    at = lane_over(notification(1), act=fail_at_first)
    assert at.lane.work() == FIRST_RETRY.total_seconds()
    assert (at.lane.down, at.lane.last_error, at.outcomes) == (True, "down", ["unavailable"])
    at.queue.write([notification(2)])
    at.clock.advance(5)
    assert at.lane.work() == FIRST_RETRY.total_seconds() - 5
    at.clock.advance(10)
    at.lane.work()
    assert at.sender.sent == ["n1", "n1", "n2"]
    assert (at.lane.down, at.lane.last_error, at.lane.sent) == (False, "", 2)


def test_after_a_receiver_asked_for_a_pause_nothing_is_sent_until_it_is_over():
    errors = [DeliveryUnavailableError("busy", wait_seconds=40.0)]

    def ask_at_first(_number):
        if errors:
            raise errors.pop()

    at = lane_over(notification(1), notification(2), act=ask_at_first)
    assert at.lane.work() == 40.0
    at.clock.advance(39)
    assert at.lane.work() == 1.0
    at.clock.advance(1)
    at.lane.work()
    assert at.sender.sent == ["n1", "n1", "n2"]


def test_a_message_that_breaks_its_sender_holds_up_no_other():
    def break_at_first(number):
        if number == 1:
            raise UnicodeError("surrogates not allowed")

    at = lane_over(notification(1), notification(2), act=break_at_first)
    assert at.lane.work() == REFUSED_RETRY.total_seconds()
    assert at.sender.sent == ["n1", "n2"]
    assert "surrogates" in at.queue.rows["n1"].last_error
    assert at.outcomes == ["refused", "sent"]


def test_many_messages_are_read_in_pages_and_sent_in_order():
    messages = [notification(number, at=NOW + timedelta(seconds=number)) for number in range(350)]
    at = lane_over(*messages)
    asked, next_in_groups = [], at.queue.next_in_groups

    def counted(receiver, after, limit):
        asked.append(limit)
        return next_in_groups(receiver, after, limit)

    at.queue.next_in_groups = counted
    at.lane.work()
    assert at.sender.sent == [message.id for message in messages]
    assert max(asked) <= 100


@pytest.mark.parametrize("seed", range(20))
def test_a_later_message_of_a_group_never_overtakes_an_earlier_one(seed):
    chance = random.Random(seed)
    messages = [notification(number, f"group {number % 3}", at=NOW + timedelta(seconds=number)) for number in range(12)]
    accepted = []

    def answer(_number):
        error = chance.choice([None, None, DeliveryUnavailableError("down"), DeliveryRefusedError("no")])
        if error is not None:
            raise error
        accepted.append(at.sender.sent[-1])

    at = lane_over(*messages, act=answer)
    for _ in range(500):
        wait = at.lane.work()
        if wait == float("inf"):
            break
        at.clock.advance(wait)
        assert at.lease.hold()
    assert sorted(accepted) == sorted(message.id for message in messages)
    for group in range(3):
        assert [key for key in accepted if int(key[1:]) % 3 == group] == [f"n{number}" for number in range(group, 12, 3)]


def queued(attempts, error="", minutes_ago=0.0):
    return QueuedMessage("n1", "a1", attempts, error, NOW - timedelta(days=1), NOW - timedelta(minutes=minutes_ago))


@pytest.mark.parametrize(
    ("message", "seconds"),
    [
        (queued(0), 0),
        (queued(1), 15),
        (queued(2), 30),
        (queued(1, minutes_ago=0.2), 3),
        (queued(1, minutes_ago=1), 0),
        (queued(50), LONGEST_RETRY.total_seconds()),
        (queued(3, "refused: no"), 3600),
        (queued(3, "refused: no", minutes_ago=59), 60),
        (queued(5, minutes_ago=-60), 0),  # the clock was set back
        (queued(1, "asked to wait 7 s: busy"), 7),
        (queued(1, "asked to wait 90 s: busy", minutes_ago=1), 30),
        (queued(2, "asked to wait 1 s: busy"), 15),  # a receiver that keeps asking for a second is not tried every second
        (queued(3, "asked to wait 1200 s: busy"), 1200),
        (queued(1, "asked to wait 99999999999 s: busy"), 3600),
        (queued(1, "asked to wait for a day"), 15),
        (queued(1, "asked to wait " + "9" * 5000), 15),
        (queued(5, "refused: no", minutes_ago=-60), 0),
    ],
)
def test_when_a_message_is_tried_again(message, seconds):
    assert seconds_until_due(message, NOW) == seconds


def test_a_new_message_is_due_although_the_clock_was_set_back():
    assert seconds_until_due(replace(queued(0), created_at=NOW + timedelta(hours=1)), NOW) == 0

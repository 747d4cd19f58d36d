"""The delivery loop: threads, real servers, and what holds up what."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
from aiosmtpd.controller import Controller

from squall.alerts.delivery.loop import LIVENESS_PART, Delivery
from squall.alerts.interfaces import DeliveryUnavailableError
from squall.alerts.notification.email.smtp import SmtpSender
from squall.alerts.notification.receivers import Receivers
from squall.core.clock import ManualClock
from squall.core.config.settings import AlertSettings
from squall.core.errors import StoreUnavailableError
from squall.core.observability.health import Health
from tests.support.alert_mail import NOW, MemoryOutbox, held_lease, notification
from tests.support.broker import free_port
from tests.support.raw_server import Peer, RawServer
from tests.support.stepping import ClaimStore

pytestmark = pytest.mark.slow

PATIENCE = 30.0
"""For a busy machine; nothing waits that long where it works."""


class Gated:
    """A sender that waits until it may go on."""

    def __init__(self, *, open_=False):
        self.entered, self.may_go_on, self.sent = threading.Event(), threading.Event(), []
        if open_:
            self.may_go_on.set()

    def send(self, item):
        self.entered.set()
        assert self.may_go_on.wait(PATIENCE)
        self.sent.append(item.id)

    def describe(self):
        return "gated"


class Arrivals:
    """Takes mail, and says when."""

    def __init__(self):
        self.arrived = threading.Event()

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        self.arrived.set()
        return "250 OK"


class Outbox(MemoryOutbox):
    """Says when a message was marked as sent."""

    def __init__(self, *notifications):
        super().__init__(*notifications)
        self.marked = threading.Event()
        self.writes = 0

    def write(self, notifications):
        super().write(notifications)
        self.writes += 1
        if any(row.status == "sent" for row in notifications):
            self.marked.set()


class ClaimsCounted(ClaimStore):
    """Says when the lease was renewed three times after `count` was set to 0."""

    def __init__(self):
        super().__init__()
        self.count, self.renewed = 0, threading.Event()

    def write(self, claim):
        super().write(claim)
        self.count += 1
        if self.count > 3:
            self.renewed.set()


class Running:
    """A started loop on a clock that stands still."""

    def __init__(self, queue, sender, lease_seconds=180.0):
        self.clock, self.claims = ManualClock(NOW), ClaimsCounted()
        self.health = Health(self.clock)
        self.lease = held_lease(self.clock, lease_seconds, self.claims)
        self.delivery = Delivery(queue, sender, self.lease, lease_seconds, self.clock, self.health)
        self.delivery.start()


@pytest.fixture
def run():
    """Starts a loop; it is stopped, and its senders let go, at the end."""
    running, senders = [], []

    def start(queue, sender, **options):
        senders.extend(one for one in getattr(sender, "_senders", {"": sender}).values() if isinstance(one, Gated))
        running.append(Running(queue, sender, **options))
        return running[-1]

    yield start
    for sender in senders:
        sender.may_go_on.set()
    for one in running:
        one.delivery.stop()


def to(receiver, number):
    return replace(notification(number), receiver=receiver)


def test_a_mail_arrives_while_another_receivers_server_hangs(run):
    inbox = Arrivals()
    good = Controller(inbox, hostname="127.0.0.1", port=free_port())
    good.start()
    try:
        with RawServer(Peer.hang) as hanging:
            ports = {"slow": hanging.port, "desk": good.port}
            senders = {name: SmtpSender(AlertSettings(smtp_host="127.0.0.1", smtp_port=port)) for name, port in ports.items()}
            queue = Outbox(to("slow", 1), to("desk", 2))
            at = run(queue, Receivers(senders))
            at.delivery.notify()
            assert hanging.connected.wait(PATIENCE)
            assert inbox.arrived.wait(PATIENCE)
            assert queue.marked.wait(PATIENCE)
            assert (queue.rows["n1"].status, queue.rows["n2"].status) == ("queued", "sent")
            assert not at.delivery.idle
            assert at.delivery.report().waiting == 1
            at.delivery.stop(0.2)
    finally:
        good.stop()


def test_a_message_is_sent_at_once_after_it_was_queued_and_the_next_one_too(run):
    queue, sender = Outbox(), Gated(open_=True)
    at = run(queue, sender)
    for number in (1, 2):
        queue.marked.clear()
        queue.write([notification(number)])
        at.delivery.notify()
        assert queue.marked.wait(PATIENCE)
    assert sender.sent == ["n1", "n2"]
    assert at.delivery.report().sent == 2
    assert at.delivery.report().sent == 0, "a message is reported once"


def test_a_message_queued_while_its_lane_works_is_not_overlooked(run):
    queue, sender = Outbox(notification(1)), Gated()
    at = run(queue, sender)
    at.delivery.notify()
    assert sender.entered.wait(PATIENCE)
    queue.write([notification(2)])
    at.delivery.notify()
    sender.may_go_on.set()
    with at.delivery._lanes.changed:
        assert at.delivery._lanes.changed.wait_for(lambda: at.delivery.idle, PATIENCE)
    assert sender.sent == ["n1", "n2"]


def test_the_lease_is_renewed_while_a_message_is_in_progress(run):
    sender = Gated()
    at = run(Outbox(notification(1)), sender, lease_seconds=0.03)  # the clock stands still: it does not expire
    at.delivery.notify()
    assert sender.entered.wait(PATIENCE)
    at.claims.count = 0
    assert at.claims.renewed.wait(PATIENCE)


def test_a_lease_that_is_not_held_is_neither_taken_nor_is_anything_sent(run):
    queue, sender = Outbox(notification(1)), Gated(open_=True)
    at = run(queue, sender)
    at.lease.release()
    at.delivery.notify()
    at.delivery.stop()
    assert sender.sent == []
    assert not at.lease.held


def test_stopping_takes_bounded_time_and_a_message_in_progress_touches_the_store_no_more(run):
    queue, sender = Outbox(notification(1), notification(2)), Gated()
    at = run(queue, sender)
    at.delivery.notify()
    assert sender.entered.wait(PATIENCE)
    at.delivery.stop(0.05)
    before = queue.writes
    sender.may_go_on.set()
    assert at.delivery._lanes.wait_until_idle(PATIENCE)
    assert (sender.sent, queue.writes, queue.rows["n1"].status) == (["n1"], before, "queued")
    at.delivery.start()
    at.delivery.notify()
    at.delivery.stop()
    assert sender.sent == ["n1", "n2"], "the same process remembers that it sent it"
    assert queue.waiting() == {}


def test_stopping_sends_first_what_can_be_sent(run):
    queue, sender = Outbox(notification(1), notification(2)), Gated(open_=True)
    at = run(queue, sender)
    at.delivery.notify()
    at.delivery.stop()
    assert sender.sent == ["n1", "n2"]
    assert queue.waiting() == {}


def test_one_receiver_that_is_down_makes_the_receivers_unavailable_until_it_answers(run):
    class Down(Gated):
        def send(self, item):
            if not self.may_go_on.is_set():
                raise DeliveryUnavailableError("down")
            super().send(item)

    down, good = Down(), Gated(open_=True)
    at = run(Outbox(to("ops", 1), to("desk", 2)), Receivers({"ops": down, "desk": good}))
    at.delivery.notify()
    changed = at.delivery._lanes.changed
    with changed:
        assert changed.wait_for(lambda: at.delivery.idle, PATIENCE)
    report = at.delivery.report()
    assert (report.sent, report.waiting, report.last_error) == (1, 1, "down")
    assert at.health.dependencies.missing() == ["receivers"]
    assert at.health.metrics.registry.get_sample_value("squall_messages_waiting") == 1
    down.may_go_on.set()
    at.clock.advance(15)
    at.delivery.notify()
    with changed:
        assert changed.wait_for(lambda: at.delivery.idle, PATIENCE)
    assert at.health.dependencies.missing() == []
    assert at.delivery.report().last_error == ""


def test_the_loop_goes_on_after_the_store_did_not_answer_and_is_expected_to_make_progress(run):
    queue, sender = Outbox(), Gated(open_=True)
    failed = threading.Event()
    waiting = queue.waiting

    def fails():
        failed.set()
        raise StoreUnavailableError("away")

    queue.waiting = fails
    at = run(queue, sender)
    at.delivery.notify()
    assert failed.wait(PATIENCE)
    assert not at.delivery.idle
    at.clock.advance(10_000)
    assert [line.partition(":")[0] for line in at.health.liveness.stuck()] == [LIVENESS_PART]
    assert at.lease.hold()
    queue.waiting = waiting
    queue.write([notification(1)])
    at.delivery.notify()
    assert queue.marked.wait(PATIENCE)
    at.delivery.stop()
    assert at.health.liveness.stuck() == []


def test_a_flush_tries_every_message_and_waits_no_longer_than_it_may():
    clock, slow, good = ManualClock(NOW), Gated(), Gated(open_=True)
    queue = Outbox(to("slow", 1), *(to("desk", number) for number in range(2, 7)))
    delivery = Delivery(queue, Receivers({"slow": slow, "desk": good}), held_lease(clock), 180.0, clock)
    reports = []
    flushing = threading.Thread(target=lambda: reports.append(delivery.flush(60)))
    flushing.start()
    assert slow.entered.wait(PATIENCE)
    with delivery._lanes.changed:
        assert delivery._lanes.changed.wait_for(lambda: len(good.sent) == 5 and delivery._lanes.working == ["slow"], PATIENCE)
    clock.advance(59)
    assert flushing.is_alive()
    clock.advance(1)
    flushing.join(PATIENCE)
    assert (reports[0].sent, reports[0].waiting) == (5, 1)
    assert reports[0].last_error == "not every message was tried within 60 s: to slow"
    slow.may_go_on.set()
    delivery.stop()
    assert slow.sent == ["n1"]


def test_a_flush_ends_soon_after_the_process_was_asked_to_stop():
    clock, slow, stop = ManualClock(NOW), Gated(), threading.Event()
    delivery = Delivery(Outbox(notification(1)), slow, held_lease(clock), 180.0, clock)
    flushing = threading.Thread(target=lambda: delivery.flush(3600, stop))
    flushing.start()
    assert slow.entered.wait(PATIENCE)
    stop.set()
    flushing.join(PATIENCE)
    assert not flushing.is_alive()
    slow.may_go_on.set()
    delivery.stop()
    assert slow.sent == ["n1"]

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest

from squall.alerts.interfaces import DeliveryRefusedError, DeliveryUnavailableError
from squall.alerts.notification.email.folder import FolderSender
from squall.alerts.notification.email.sender import CopyingSender, open_email_sender
from squall.alerts.notification.email.smtp import SmtpSender
from squall.alerts.notification.receivers import Receivers, open_receivers
from squall.core.clock import ManualClock
from squall.core.config.settings import AlertSettings, Settings
from tests.support.alert_mail import NOW, MemoryOutbox, deliver, notification


class Recorder:
    """A mailer that fails as configured."""

    def __init__(self, *errors):
        self.errors = list(errors)
        self.sent = []

    def send(self, item):
        if self.errors and (error := self.errors.pop(0)) is not None:
            raise error
        self.sent.append(item.id)

    def describe(self):
        return "recorder"


def test_queued_mail_is_sent_once_in_order():
    store, mailer, clock = MemoryOutbox(notification(2), notification(1)), Recorder(), ManualClock(NOW)
    assert deliver(store, mailer, clock).sent == 2
    assert deliver(store, mailer, clock).sent == 0
    assert mailer.sent == ["n1", "n2"]


def test_mail_stays_queued_while_the_server_is_down_and_is_sent_once_it_is_up():
    store, clock = MemoryOutbox(notification(1), notification(2)), ManualClock(NOW)
    mailer = Recorder(DeliveryUnavailableError("down"), DeliveryUnavailableError("down"))
    report = deliver(store, mailer, clock)
    assert (report.sent, report.waiting, report.last_error) == (0, 2, "down")
    assert (store.rows["n1"].attempts, store.rows["n2"].attempts) == (1, 0)
    for _ in range(40):
        clock.advance(15)
        deliver(store, mailer, clock)
    assert sorted(mailer.sent) == ["n1", "n2"]
    assert {row.status for row in store.rows.values()} == {"sent"}


def test_the_pauses_between_tries_grow_and_stay_bounded():
    store, clock = MemoryOutbox(notification(1)), ManualClock(NOW)
    mailer = Recorder(*[DeliveryUnavailableError("down")] * 1000)
    times = []
    for _ in range(3 * 60 * 4):  # three hours
        before = len(mailer.errors)
        deliver(store, mailer, clock)
        if len(mailer.errors) < before:
            times.append(clock.now())
        clock.advance(15)
    pauses = [(later - earlier).total_seconds() for earlier, later in pairwise(times)]
    assert pauses[:4] == [15, 30, 60, 120]
    assert max(pauses) == 600


def test_a_refused_mail_is_retried_rarely_and_delays_no_other():
    store, clock = MemoryOutbox(notification(1), notification(2)), ManualClock(NOW)
    mailer = Recorder(DeliveryRefusedError("550 no such user"))
    report = deliver(store, mailer, clock)
    assert (report.sent, report.waiting) == (1, 1)
    assert "550 no such user" in store.rows["n1"].last_error
    clock.advance(1800)
    assert "550 no such user" in deliver(store, mailer, clock).last_error
    clock.advance(1801)
    assert deliver(store, mailer, clock).sent == 1


def test_a_resolved_mail_never_overtakes_its_firing_mail():
    fire, resolve = notification(1, "a"), replace(notification(2, "a"), event="resolved", created_at=NOW + timedelta(minutes=1))
    store, clock = MemoryOutbox(fire, resolve, notification(3, "b", at=NOW + timedelta(minutes=2))), ManualClock(NOW)
    mailer = Recorder(DeliveryRefusedError("no"))
    clock.advance(300)
    deliver(store, mailer, clock)
    assert mailer.sent == ["n3"]
    clock.advance(3601)
    deliver(store, mailer, clock)
    assert mailer.sent == ["n3", "n1", "n2"]


def test_the_folder_holds_one_file_however_often_a_mail_is_written(tmp_path):
    mailer = FolderSender(tmp_path / "deep" / "outbox")
    for _ in range(2):
        mailer.send(notification(1))
    files = list((tmp_path / "deep" / "outbox").iterdir())
    assert [file.name for file in files] == ["n1.eml"]
    assert files[0].read_bytes() == notification(1).message


def test_a_folder_that_cannot_be_written_is_unavailable(tmp_path):
    (tmp_path / "outbox").write_text("a file, not a folder")
    with pytest.raises(DeliveryUnavailableError, match="outbox"):
        FolderSender(tmp_path / "outbox").send(notification(1))


def test_the_settings_choose_the_email_sender(tmp_path):
    assert open_email_sender(Settings(data_dir=tmp_path)).describe() == f"folder {tmp_path / 'outbox'}"
    assert isinstance(open_email_sender(Settings(alerts=AlertSettings(smtp_host="mx.example.org", smtp_security="starttls"))), SmtpSender)
    both = open_email_sender(Settings(alerts=AlertSettings(smtp_host="mx.example.org", smtp_security="starttls", outbox=tmp_path)))
    assert isinstance(both, CopyingSender)
    assert both.describe() == f"SMTP server mx.example.org:25, copies in folder {tmp_path}"


def test_a_receiver_that_is_down_delays_no_other():
    store = MemoryOutbox(replace(notification(1), receiver="ops"), notification(2), replace(notification(3), receiver="ops"))
    ops, desk = Recorder(DeliveryUnavailableError("down")), Recorder()
    report = deliver(store, Receivers({"default": desk, "ops": ops}), ManualClock(NOW))
    assert (report.sent, report.waiting, desk.sent, ops.sent) == (1, 2, ["n2"], [])


def test_a_message_to_a_receiver_that_is_gone_stays_queued_and_is_reported():
    store = MemoryOutbox(replace(notification(1), receiver="gone"))
    report = deliver(store, Receivers({"default": Recorder()}), ManualClock(NOW))
    assert (report.sent, report.waiting) == (0, 1)
    assert "no receiver 'gone'" in report.last_error


def test_every_receiver_of_the_settings_has_its_way(tmp_path):
    hook = {"name": "ops", "url": "https://ops.example.org/secret-path"}
    settings = Settings(data_dir=tmp_path, alerts={"receivers": (hook, {"name": "desk", "to": ("desk@example.org",)})})
    receivers = open_receivers(settings, ManualClock(NOW))
    assert receivers.names == ("default", "ops", "desk")
    assert "ops: webhook https://ops.example.org" in receivers.describe()
    receivers.send(replace(notification(1), receiver="desk"))
    assert [file.name for file in (tmp_path / "outbox").iterdir()] == ["n1.eml"]

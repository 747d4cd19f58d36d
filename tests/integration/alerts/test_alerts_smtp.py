"""Delivery over a real SMTP conversation."""

from email import message_from_bytes

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from squall.alerts.interfaces import DeliveryRefusedError, DeliveryUnavailableError
from squall.alerts.notification.email.smtp import SmtpSender
from squall.core.clock import ManualClock
from squall.core.config.settings import AlertSettings
from tests.support.alert_mail import NOW, MemoryOutbox, deliver, notification
from tests.support.broker import free_port

MESSAGE = (
    b"From: Squall <squall@example.org>\r\nTo: risk@example.org, desk@example.org\r\n"
    b"Subject: x\r\nMessage-ID: <n1@example.org>\r\n\r\nhello\r\n"
)


class Inbox:
    """Takes mail, or refuses as configured."""

    def __init__(self, rcpt="250 OK", data="250 OK"):
        self.rcpt, self.data = rcpt, data
        self.mails = []

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802
        if self.rcpt.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.rcpt

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        if self.data.startswith("250"):
            self.mails.append((envelope.mail_from, envelope.rcpt_tos, envelope.content))
        return self.data


@pytest.fixture
def serve():
    running = []

    def start(inbox, port=None, **kwargs):
        controller = Controller(inbox, hostname="127.0.0.1", port=port or free_port(), **kwargs)
        controller.start()
        running.append(controller)
        return controller.port

    yield start
    for controller in running:
        controller.stop()


def mailer(port, **changes):
    return SmtpSender(AlertSettings(smtp_host="127.0.0.1", smtp_port=port, smtp_timeout_seconds=5, **changes))


def test_a_mail_reaches_every_recipient_unchanged(serve):
    inbox = Inbox()
    mailer(serve(inbox)).send(notification(1, message=MESSAGE))
    sender, recipients, content = inbox.mails[0]
    assert sender == "squall@example.org"
    assert recipients == ["risk@example.org", "desk@example.org"]
    assert content == MESSAGE


def test_mail_stays_queued_while_the_server_is_down_and_is_delivered_once_it_is_up(serve):
    port, inbox, clock = free_port(), Inbox(), ManualClock(NOW)
    store = MemoryOutbox(notification(1, message=MESSAGE), notification(2, message=MESSAGE))
    report = deliver(store, mailer(port), clock)
    assert (report.sent, report.waiting) == (0, 2)
    assert "does not answer" in report.last_error
    serve(inbox, port)
    for _ in range(5):
        clock.advance(60)
        deliver(store, mailer(port), clock)
    assert len(inbox.mails) == 2


def test_a_crash_between_sending_and_marking_repeats_the_same_message_id(serve):
    inbox, clock = Inbox(), ManualClock(NOW)
    port = serve(inbox)
    for _ in range(2):  # the second outbox never heard of the first sending
        deliver(MemoryOutbox(notification(1, message=MESSAGE)), mailer(port), clock)
    assert [message_from_bytes(content)["Message-ID"] for _, _, content in inbox.mails] == ["<n1@example.org>"] * 2


@pytest.mark.parametrize(
    ("inbox", "error"),
    [
        (Inbox(rcpt="550 no such user"), DeliveryRefusedError),
        (Inbox(rcpt="451 try later"), DeliveryUnavailableError),
        (Inbox(data="554 spam"), DeliveryRefusedError),
        (Inbox(data="452 disk full"), DeliveryUnavailableError),
    ],
)
def test_a_permanent_refusal_is_distinguished_from_a_temporary_one(serve, inbox, error):
    with pytest.raises(error, match="refused"):
        mailer(serve(inbox)).send(notification(1, message=MESSAGE))


def test_one_bad_recipient_does_not_stop_the_others(serve):
    class Picky(Inbox):
        async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802
            if address.startswith("desk"):
                return "550 no such user"
            envelope.rcpt_tos.append(address)
            return "250 OK"

    inbox = Picky()
    mailer(serve(inbox)).send(notification(1, message=MESSAGE))
    assert inbox.mails[0][1] == ["risk@example.org"]


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
def test_the_login_is_used_and_a_wrong_one_is_explained(serve):
    def check(server, session, envelope, mechanism, login):
        return AuthResult(success=(login.login, login.password) == (b"squall", b"secret"), handled=False)

    inbox = Inbox()
    port = serve(inbox, authenticator=check, auth_require_tls=False, auth_required=True)
    mailer(port, smtp_user="squall", smtp_password="secret").send(notification(1, message=MESSAGE))
    assert len(inbox.mails) == 1
    with pytest.raises(DeliveryUnavailableError, match="refused the login") as caught:
        mailer(port, smtp_user="squall", smtp_password="wrong-pw").send(notification(1, message=MESSAGE))
    assert "wrong-pw" not in str(caught.value)


def test_a_server_without_encryption_is_not_talked_to_in_clear_when_starttls_is_asked_for(serve):
    inbox = Inbox()
    with pytest.raises(DeliveryUnavailableError, match="STARTTLS"):
        mailer(serve(inbox), smtp_security="starttls").send(notification(1, message=MESSAGE))
    assert inbox.mails == []

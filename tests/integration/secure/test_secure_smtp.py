"""Mail by STARTTLS and TLS: sent only to a server whose certificate holds; else it waits and the error names the setting."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult

from squall.alerts.interfaces import DeliveryUnavailableError
from squall.alerts.notification.email.smtp import SmtpSender
from squall.core.clock import ManualClock
from squall.core.config.settings import AlertSettings
from tests.support.alert_mail import NOW, MemoryOutbox, deliver, notification
from tests.support.certificates import Authorities
from tests.support.tls_end import TlsEnd

MESSAGE = b"From: squall@example.org\r\nTo: risk@example.org\r\nSubject: x\r\n\r\nhello\r\n"
Start = Callable[..., int]


class Inbox:
    """Takes every mail."""

    def __init__(self) -> None:
        self.mails: list[bytes] = []

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Any) -> str:  # noqa: N802
        self.mails.append(envelope.content)
        return "250 OK"


def check_login(server: Any, session: Any, envelope: Any, mechanism: Any, login: Any) -> AuthResult:
    return AuthResult(success=(login.login, login.password) == (b"squall", b"secret"), handled=False)


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
def serve(inbox: Inbox) -> Iterator[Start]:
    closers: list[Callable[[], None]] = []

    def start(security: str, context: ssl.SSLContext) -> int:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        arguments: dict[str, Any] = {"authenticator": check_login, "auth_required": True}
        if security == "starttls":
            arguments |= {"tls_context": context, "require_starttls": True}
        else:
            arguments |= {"auth_require_tls": False}
        controller = Controller(inbox, hostname="127.0.0.1", port=port, **arguments)
        controller.start()
        closers.append(controller.stop)
        if security == "starttls":
            return port
        end = TlsEnd(context, port)
        closers.append(end.close)
        return end.port

    yield start
    for close in reversed(closers):
        close()


def mailer(port: int, **changes: Any) -> SmtpSender:
    given = {"smtp_host": "127.0.0.1", "smtp_port": port, "smtp_timeout_seconds": 3, "smtp_user": "squall", "smtp_password": "secret"}
    return SmtpSender(AlertSettings(**(given | changes)))


pytestmark = [
    pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning"),
]
both = pytest.mark.parametrize("security", ["starttls", "tls"])


@both
def test_mail_goes_to_a_server_whose_certificate_holds(serve: Start, inbox: Inbox, authorities: Authorities, security: str) -> None:
    port = serve(security, authorities.ours.server_context())
    good = mailer(port, smtp_security=security, smtp_ca_file=authorities.ours.file)
    good.check()
    good.send(notification(1, message=MESSAGE))
    assert inbox.mails == [MESSAGE]


@both
def test_mail_waits_while_the_certificate_is_of_an_unknown_ca(serve: Start, inbox: Inbox, authorities: Authorities, security: str) -> None:
    port = serve(security, authorities.ours.server_context())
    for changes in ({"smtp_ca_file": authorities.other.file}, {}):
        store = MemoryOutbox(notification(1, message=MESSAGE))
        report = deliver(store, mailer(port, smtp_security=security, **changes), ManualClock(NOW))
        assert (report.sent, report.waiting) == (0, 1)
        assert "SQUALL_ALERTS__SMTP_CA_FILE" in report.last_error
    assert inbox.mails == []


@both
def test_a_certificate_for_another_host_names_the_host_setting(serve: Start, authorities: Authorities, security: str) -> None:
    port = serve(security, authorities.ours.server_context("mail.example"))
    with pytest.raises(DeliveryUnavailableError, match="SQUALL_ALERTS__SMTP_HOST"):
        mailer(port, smtp_security=security, smtp_ca_file=authorities.ours.file).check()


@both
def test_a_wrong_password_is_reported_and_not_shown(serve: Start, authorities: Authorities, security: str) -> None:
    port = serve(security, authorities.ours.server_context())
    wrong = mailer(port, smtp_security=security, smtp_ca_file=authorities.ours.file, smtp_password="hunter2")
    for call in (wrong.check, lambda: wrong.send(notification(1, message=MESSAGE))):
        with pytest.raises(DeliveryUnavailableError, match="SQUALL_ALERTS__SMTP_PASSWORD") as caught:
            call()
        assert "hunter2" not in str(caught.value)


def test_speaking_the_wrong_way_names_the_security_setting(serve: Start, authorities: Authorities) -> None:
    tls = serve("tls", authorities.ours.server_context())
    for security in ("none", "starttls"):
        with pytest.raises(DeliveryUnavailableError, match="SQUALL_ALERTS__SMTP_SECURITY=tls"):
            mailer(tls, smtp_security=security, smtp_timeout_seconds=1).check()
    with pytest.raises(DeliveryUnavailableError, match=r"does not speak TLS.*SQUALL_ALERTS__SMTP_SECURITY=starttls"):
        mailer(serve("starttls", authorities.ours.server_context()), smtp_security="tls").check()

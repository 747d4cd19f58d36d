"""Addresses with letters beyond ASCII, through real mail servers with and without SMTPUTF8."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from email import message_from_bytes, message_from_string, policy
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from squall.alerts.interfaces import DeliveryRefusedError
from squall.alerts.notification.content import DualTime, NotificationContent, Reason
from squall.alerts.notification.email.message import build_email
from squall.alerts.notification.email.smtp import SmtpSender
from squall.core.config.settings import AlertSettings
from squall.core.errors import ConfigurationError
from tests.support.alert_mail import NOW, alert, notification, stored
from tests.support.broker import free_port


class Inbox:
    def __init__(self) -> None:
        self.mails: list[tuple[str, list[str], bytes]] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        self.mails.append((envelope.mail_from, envelope.rcpt_tos, envelope.original_content))
        return "250 OK"


@pytest.fixture(params=[True, False], ids=["with SMTPUTF8", "without"])
def server(request: pytest.FixtureRequest) -> Iterator[tuple[Inbox, int, bool]]:
    inbox = Inbox()
    controller = Controller(inbox, hostname="127.0.0.1", port=free_port(), enable_SMTPUTF8=request.param)
    controller.start()
    yield inbox, controller.port, request.param
    controller.stop()


def settings(port: int, *to: str, sender: str = "Squall <squall@example.org>") -> AlertSettings:
    return AlertSettings(smtp_host="127.0.0.1", smtp_port=port, smtp_timeout_seconds=5, to=to, sender=sender)


def send(port: int, *to: str, sender: str = "Squall <squall@example.org>") -> None:
    chosen = settings(port, *to, sender=sender)
    content = NotificationContent("n", "default", Reason.FIRING, (alert(topic="Öl"),), DualTime(NOW, NOW), "g", new_count=1)
    message = build_email("n-default", content, {alert().id: [stored("Müller fällt")]}, b"", chosen, NOW)
    SmtpSender(chosen).send(notification(1, message=message))


def test_a_domain_beyond_ascii_gets_its_mail_from_every_server(server: tuple[Inbox, int, bool]) -> None:
    inbox, port, _ = server
    send(port, "Jürgen Groß <risk@müller.de>", "desk@example.org", sender="Überwachung <squall@müller.de>")
    [(sender, recipients, content)] = inbox.mails
    assert (sender, recipients) == ("squall@xn--mller-kva.de", ["risk@xn--mller-kva.de", "desk@example.org"])
    assert content.partition(b"\r\n\r\n")[0].isascii()
    mail = message_from_bytes(content, policy=policy.default)
    assert mail["To"] == "Jürgen Groß <risk@xn--mller-kva.de>, desk@example.org"
    assert mail["From"] == "Überwachung <squall@xn--mller-kva.de>"
    assert "Öl" in mail["Subject"]


def test_letters_beyond_ascii_before_the_at_need_smtputf8_and_hold_up_no_one_else(
    server: tuple[Inbox, int, bool], caplog: pytest.LogCaptureFixture
) -> None:
    inbox, port, takes_utf8 = server
    with caplog.at_level(logging.WARNING):
        send(port, "jürgen@example.com", "desk@example.org")
    [(_, recipients, content)] = inbox.mails
    head = content.partition(b"\r\n\r\n")[0]
    if takes_utf8:
        assert recipients == ["jürgen@example.com", "desk@example.org"]
        assert message_from_string(head.decode(), policy=policy.SMTPUTF8)["To"] == "jürgen@example.com, desk@example.org"
        assert caplog.records == []
    else:
        assert recipients == ["desk@example.org"]
        assert head.isascii()
        mail = message_from_bytes(content, policy=policy.default)
        assert (mail["To"], "Öl" in mail["Subject"], mail["Message-ID"]) == ("desk@example.org", True, "<n-default@example.org>")
        body = mail.get_body(("plain",))  # type: ignore[attr-defined]
        assert "Müller fällt" in body.get_content()
        assert "does not offer SMTPUTF8, which jürgen@example.com needs" in caplog.text


def test_an_address_that_no_server_without_smtputf8_takes_is_refused_by_name(server: tuple[Inbox, int, bool]) -> None:
    inbox, port, takes_utf8 = server
    chosen = SmtpSender(settings(port, "jürgen@example.com"))
    if takes_utf8:
        send(port, "jürgen@example.com")
        chosen.check()
        assert len(inbox.mails) == 1
        return
    with pytest.raises(DeliveryRefusedError, match="SMTPUTF8, which jürgen@example"):
        send(port, "jürgen@example.com")
    with pytest.raises(DeliveryRefusedError, match="SMTPUTF8, which jürgen@example"):
        chosen.check()
    assert inbox.mails == []


def test_a_password_that_smtp_can_not_send_is_refused_at_the_start() -> None:
    with pytest.raises(ConfigurationError, match="SMTP_PASSWORD") as caught:
        SmtpSender(AlertSettings(smtp_host="127.0.0.1", smtp_user="squall", smtp_password="geheim-ü"))
    assert "geheim" not in str(caught.value)

"""The time limit of a mail as a whole, against servers that take as long as they like or say as much as they like."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from squall.alerts.interfaces import DeliveryUnavailableError
from squall.alerts.notification.email.smtp import SmtpSender
from squall.alerts.notification.email.smtp_session import SmtpSession
from squall.core.clock import ManualClock
from squall.core.config.settings import AlertSettings
from squall.core.net.deadline import Deadline, connect, within
from squall.core.net.tls import TlsNames, probe
from tests.support.alert_mail import NOW, notification
from tests.support.raw_server import Peer, RawServer, endlessly

pytestmark = pytest.mark.slow

LIMIT = 0.4
"""Of a mail, seconds."""
SLACK = 4.0
"""For a busy machine; the servers go on for as long as the test lets them."""
HEAD = b"From: a@example.org\r\nTo: b@example.org\r\n\r\n"
MESSAGE = HEAD + b"hello\r\n"


def mailer(port: int, security: str = "none", seconds: float = LIMIT) -> SmtpSender:
    return SmtpSender(AlertSettings(smtp_host="127.0.0.1", smtp_port=port, smtp_timeout_seconds=seconds, smtp_security=security))


@pytest.fixture
def in_time() -> Iterator[None]:
    began = time.monotonic()
    yield
    assert time.monotonic() - began < LIMIT + SLACK


def drips_its_banner(peer: Peer) -> None:
    peer.drip(endlessly(b"220-slowly\r\n"))


def drips_one_banner_line(peer: Peer) -> None:
    peer.drip(b"220 " + b"x" * 3000 + b"\r\n")


def drips_its_extensions(peer: Peer) -> None:
    peer.say(b"220 raw\r\n")
    peer.hear()
    peer.drip(endlessly(b"250-MORE\r\n"))


def hangs_after_the_greeting(peer: Peer) -> None:
    peer.greet()
    peer.hang()


def hangs_after_the_mail(peer: Peer) -> None:
    peer.greet()
    for _ in range(2):
        peer.hear()
        peer.say(b"250 ok\r\n")
    peer.hear()
    peer.say(b"354 go on\r\n")
    peer.hear_mail()
    peer.drip(endlessly(b"250-"))


def never_reads_the_mail(peer: Peer) -> None:
    peer.greet()
    for _ in range(2):
        peer.hear()
        peer.say(b"250 ok\r\n")
    peer.hear()
    peer.say(b"354 go on\r\n")
    peer.hang()


def drips_every_reply(peer: Peer) -> None:
    peer.drip(b"220 raw\r\n")
    while peer.hear():
        peer.drip(b"250 ok\r\n")


@pytest.mark.parametrize(
    "talk",
    [
        Peer.hang,
        drips_its_banner,
        drips_one_banner_line,
        drips_its_extensions,
        hangs_after_the_greeting,
        hangs_after_the_mail,
        never_reads_the_mail,
        drips_every_reply,
    ],
)
@pytest.mark.usefixtures("in_time")
def test_a_mail_is_given_up_at_its_deadline_whatever_the_server_does(talk: Callable[[Peer], None]) -> None:
    large = HEAD + b"a line of text\r\n" * 1_000_000  # more than all buffers between the two take
    with RawServer(talk) as server, pytest.raises(DeliveryUnavailableError, match=r"did not finish within 0\.4 s|does not answer"):
        mailer(server.port).send(notification(1, message=large if talk is never_reads_the_mail else MESSAGE))


def starts_tls_and_hangs(peer: Peer) -> None:
    peer.say(b"220 raw\r\n")
    peer.hear()
    peer.say(b"250-raw\r\n250 STARTTLS\r\n")
    peer.hear()
    peer.say(b"220 go on\r\n")
    peer.drip(endlessly(b"\x16"))


@pytest.mark.parametrize(("security", "talk"), [("tls", Peer.hang), ("tls", drips_its_banner), ("starttls", starts_tls_and_hangs)])
@pytest.mark.usefixtures("in_time")
def test_a_handshake_is_within_the_deadline_too(security: str, talk: Callable[[Peer], None]) -> None:
    with RawServer(talk) as server, pytest.raises(DeliveryUnavailableError):
        mailer(server.port, security).send(notification(1, message=MESSAGE))


def pours_banners(peer: Peer) -> None:
    peer.pour(b"220-more and more\r\n" * 1000)


def pours_extensions(peer: Peer) -> None:
    peer.say(b"220 raw\r\n")
    peer.hear()
    peer.pour(b"250-X" + b"Y" * 500 + b"\r\n")


def pours_one_line(peer: Peer) -> None:
    peer.pour(b"2" * 65_536)


@pytest.mark.parametrize("talk", [pours_banners, pours_extensions, pours_one_line])
def test_an_endless_reply_is_cut_off_before_the_deadline(talk: Callable[[Peer], None]) -> None:
    with RawServer(talk) as server, pytest.raises(DeliveryUnavailableError, match="longer than 4096 bytes in a line, or 65536 in all"):
        mailer(server.port, seconds=60).send(notification(1, message=MESSAGE))


@pytest.mark.usefixtures("in_time")
@pytest.mark.parametrize("talk", [Peer.hang, drips_its_banner, drips_its_extensions])
def test_the_check_of_doctor_has_the_same_deadline(talk: Callable[[Peer], None]) -> None:
    with RawServer(talk) as server, pytest.raises(DeliveryUnavailableError):
        mailer(server.port).check()


def hangs_at_quit(peer: Peer) -> None:
    peer.take_mail()
    peer.hear()
    peer.hang()


def refuses_quit(peer: Peer) -> None:
    peer.take_mail()
    peer.hear()
    peer.say(b"554 you may not leave\r\n")


def is_gone_after_the_mail(peer: Peer) -> None:
    peer.take_mail()


@pytest.mark.parametrize("talk", [hangs_at_quit, refuses_quit, is_gone_after_the_mail])
@pytest.mark.usefixtures("in_time")
def test_a_mail_that_was_accepted_is_sent_however_the_server_takes_the_goodbye(talk: Callable[[Peer], None]) -> None:
    with RawServer(talk) as server:
        mailer(server.port, seconds=60).send(notification(1, message=MESSAGE))


def test_a_mail_that_is_accepted_at_the_last_moment_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, receive = ManualClock(NOW), socket.socket.recv_into

    def is_late(sock: socket.socket, buffer: memoryview, *rest: int) -> int:
        count = receive(sock, buffer, *rest)
        if b"taken" in bytes(buffer[:count]):
            clock.advance(60)
        return count

    monkeypatch.setattr(socket.socket, "recv_into", is_late)
    deadline = Deadline(60, clock)
    with RawServer(Peer.take_mail) as server, SmtpSession("127.0.0.1", server.port, None, deadline, deadline) as session:
        assert session.sendmail("a@example.org", ["b@example.org"], MESSAGE) == {}
    assert deadline.passed


@pytest.mark.usefixtures("in_time")
def test_a_name_server_that_hangs_is_within_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_options: answer.wait(60))
    with pytest.raises(DeliveryUnavailableError, match="did not finish"):
        mailer(25).send(notification(1, message=MESSAGE))
    answer.set()


@pytest.mark.usefixtures("in_time")
def test_the_lookup_of_this_machines_own_name_does_not_delay_a_mail(monkeypatch: pytest.MonkeyPatch) -> None:
    answer, heard = threading.Event(), []

    def remembers_the_name(peer: Peer) -> None:
        peer.say(b"220 raw\r\n")
        heard.append(peer.hear())
        peer.hang()

    monkeypatch.setattr(socket, "getfqdn", lambda *_args: answer.wait(60))
    with RawServer(remembers_the_name) as server, pytest.raises(DeliveryUnavailableError):
        mailer(server.port, seconds=LIMIT).send(notification(1, message=MESSAGE))
    answer.set()
    assert heard == [b"ehlo [127.0.0.1]\r\n"]


def test_a_host_that_is_no_name_is_unavailable_and_not_a_crash() -> None:
    sender = SmtpSender(AlertSettings(smtp_host=f"{'a' * 70}.localhost", smtp_port=25, smtp_timeout_seconds=5), allow_plaintext=True)
    with pytest.raises(DeliveryUnavailableError, match="not a valid host name"):
        sender.send(notification(1, message=MESSAGE))


def test_the_first_address_that_drops_packets_does_not_use_up_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    full = socket.create_server(("127.0.0.1", 0), backlog=0)
    fillers = [socket.socket() for _ in range(3)]
    for filler in fillers:  # the queue of the listener is full: a further connection is not answered
        filler.setblocking(False)
        filler.connect_ex(full.getsockname())
    with RawServer(Peer.hang) as server:
        found = [(socket.AF_INET, socket.SOCK_STREAM, 0, "", address) for address in (full.getsockname(), ("127.0.0.1", server.port))]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_options: found)
        with connect("mail.example", 25, Deadline(2.0)) as plain:
            assert plain.getpeername()[1] == server.port
    for one in (full, *fillers):
        one.close()


def test_what_a_call_raises_is_raised_and_what_hangs_is_left_behind() -> None:
    with pytest.raises(ZeroDivisionError):
        within(Deadline(60), lambda: 1 // 0)
    assert within(Deadline(60), lambda: 5) == 5
    release = threading.Event()
    with pytest.raises(TimeoutError):
        within(Deadline(0.05), lambda: release.wait(60))
    release.set()
    with pytest.raises(TimeoutError):
        within(Deadline(0), lambda: 5)


@pytest.mark.usefixtures("in_time")
def test_a_probe_has_a_deadline_as_a_whole() -> None:
    names = TlsNames(link="the server", address="", enable_hint="", port_hint="", ca="")
    with RawServer(drips_its_banner) as server:
        assert probe("127.0.0.1", server.port, None, names, Deadline(LIMIT)) is None

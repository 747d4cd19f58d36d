"""Webhooks over real HTTP on loopback."""

import gzip
import hashlib
import hmac
import threading
import time

import pytest

from squall.alerts.interfaces import DeliveryRefusedError, DeliveryUnavailableError
from squall.alerts.notification.webhook.sender import WebhookSender
from squall.alerts.notification.webhook.signature import sign
from squall.core.clock import ManualClock
from squall.core.net.outbound.client import OutboundClient
from tests.support.alert_mail import NOW, MemoryOutbox, deliver, notification
from tests.support.webhook_server import Receiver

BODY = '{"version":1,"reason":"firing","alerts":[{"topic":"Öl"}]}'.encode()


@pytest.fixture
def receiver():
    receiver = Receiver()
    yield receiver
    receiver.close()


def sender(url, secret="s3cret", timeout=5.0, client=None):
    client = client or OutboundClient(setting="SQUALL_ALERTS__PRIVATE_HOSTS", proxies={})
    return WebhookSender(url, secret, timeout, ManualClock(NOW), client)


def test_a_message_arrives_unchanged_with_a_signature_that_the_receiver_can_check(receiver):
    sender(receiver.url).send(notification(1, message=BODY))
    ((path, headers, body),) = receiver.calls
    assert (path, body) == ("/hook?token=hunter2", BODY)
    assert headers["Content-Type"] == "application/json"
    assert headers["Idempotency-Key"] == "n1"
    assert headers["X-Squall-Timestamp"] == str(int(NOW.timestamp()))
    signed = headers["X-Squall-Timestamp"].encode() + b"." + body
    assert headers["X-Squall-Signature"] == "sha256=" + hmac.new(b"s3cret", signed, hashlib.sha256).hexdigest()


def test_the_signature_is_another_for_every_secret_time_and_body():
    assert len({sign("a", "1", b"x"), sign("b", "1", b"x"), sign("a", "2", b"x"), sign("a", "1", b"y")}) == 4


def test_without_a_secret_nothing_is_signed(receiver):
    sender(receiver.url, secret="").send(notification(1, message=BODY))
    assert "X-Squall-Signature" not in receiver.calls[0][1]


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503])
def test_what_may_pass_later_is_tried_again(receiver, status):
    receiver.status = status
    with pytest.raises(DeliveryUnavailableError, match=f"answered {status}"):
        sender(receiver.url).send(notification(1, message=BODY))


@pytest.mark.parametrize("status", [301, 400, 401, 404, 410, 413])
def test_what_will_not_pass_is_refused_and_says_what_to_check(receiver, status):
    receiver.status, receiver.location = status, "http://127.0.0.1:1/elsewhere"
    with pytest.raises(DeliveryRefusedError, match=f"answered {status}") as caught:
        sender(receiver.url).send(notification(1, message=BODY))
    assert "url and secret" in caught.value.hint
    assert "no such alert" not in str(caught.value)  # of a foreign reply nothing is repeated
    assert len(receiver.calls) == 1


def test_an_error_contains_neither_the_secret_nor_the_token_in_the_address(receiver):
    receiver.status = 403
    with pytest.raises(DeliveryRefusedError) as caught:
        sender(receiver.url).send(notification(1, message=BODY))
    assert "hunter2" not in str(caught.value)
    assert "s3cret" not in str(caught.value)
    assert "me:pw" not in sender("https://me:pw@example.org/x").describe()


def test_a_receiver_that_does_not_answer_in_time_is_unavailable(receiver):
    receiver.wait.clear()
    with pytest.raises(DeliveryUnavailableError, match="does not answer"):
        sender(receiver.url, timeout=0.2).send(notification(1, message=BODY))


@pytest.mark.parametrize("url", ["http://127.0.0.1:{port}/", "https://127.0.0.1:{port}/"])
def test_an_address_that_does_not_answer_is_unavailable(receiver, url):
    port = receiver.server.server_port
    receiver.close()
    with pytest.raises(DeliveryUnavailableError, match="does not answer"):
        sender(url.format(port=port)).send(notification(1, message=BODY))


def test_an_address_that_is_none_is_refused():
    with pytest.raises(DeliveryRefusedError, match="can't be called"):
        sender("http://[::bad").send(notification(1, message=BODY))


def test_a_message_stays_queued_while_the_receiver_fails_and_is_repeated_with_the_same_key(receiver):
    clock, store = ManualClock(NOW), MemoryOutbox(notification(1, message=BODY))
    receiver.status = 503
    assert deliver(store, sender(receiver.url), clock).waiting == 1
    receiver.status = 204
    clock.advance(60)
    assert deliver(store, sender(receiver.url), clock).sent == 1
    assert [headers["Idempotency-Key"] for _, headers, _ in receiver.calls] == ["n1", "n1"]


def dripping(head, piece, done):
    """Sends `head`, then `piece` twenty times a second."""

    def answer(request):
        request.wfile.write(head)
        while not done.wait(0.05):
            request.wfile.write(piece)
            request.wfile.flush()

    return answer


@pytest.fixture
def done():
    event = threading.Event()
    yield event
    event.set()


@pytest.mark.parametrize("head", [b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 100 Continue\r\n\r\n"])
def test_a_receiver_that_drips_its_answer_gets_the_time_of_one_request(receiver, done, head):
    receiver.answer = dripping(head, b"X-Slow: 1\r\n" if b"200" in head else b"H", done)
    began = time.monotonic()
    with pytest.raises(DeliveryUnavailableError, match="does not answer"):
        sender(receiver.url, timeout=0.4).send(notification(1, message=BODY))
    assert time.monotonic() - began < 3


def test_the_reply_of_a_receiver_that_accepts_is_not_waited_for(receiver, done):
    receiver.answer = dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", b"x", done)
    sender(receiver.url, timeout=30.0).send(notification(1, message=BODY))


def test_the_reply_of_a_receiver_that_refuses_is_not_waited_for(receiver, done):
    receiver.answer = dripping(b"HTTP/1.1 404 Not Found\r\nContent-Length: 100000\r\n\r\nno such hook", b"", done)
    with pytest.raises(DeliveryRefusedError, match=r"answered 404 Not Found \(check"):
        sender(receiver.url, timeout=30.0).send(notification(1, message=BODY))


def reply(content, **headers):
    def answer(request):
        request.send_response(400, "secret phrase")
        for name, value in {"Content_Length": str(len(content)), **headers}.items():
            request.send_header(name.replace("_", "-"), value)
        request.end_headers()
        request.wfile.write(content)

    return answer


def words(receiver):
    with pytest.raises(DeliveryRefusedError) as caught:
        sender(receiver.url).send(notification(1, message=BODY))
    return caught.value.what.partition("answered ")[2]


def test_a_packed_reply_is_not_unpacked(receiver):
    receiver.answer = reply(gzip.compress(b"x" * 100_000_000, 1), Content_Encoding="gzip")
    assert words(receiver) == "400 Bad Request"
    assert receiver.calls[0][1]["Accept-Encoding"] == "identity"


def test_of_a_reply_no_word_is_repeated(receiver):
    receiver.answer = reply(b"\x1b[31mno\r\n\x00 hook /hook?token=hunter2 \xe2\x80\xae" + b"a" * 1_000_000)
    assert words(receiver) == "400 Bad Request"


@pytest.mark.parametrize("found", [["127.0.0.1"], ["10.0.0.1"], ["169.254.169.254"], ["1.1.1.1", "::1"]])
def test_a_webhook_whose_name_leads_inside_is_refused_unless_it_is_listed(receiver, found):
    url = f"http://hooks.example:{receiver.server.server_port}/hook"
    client = OutboundClient(setting="SQUALL_ALERTS__PRIVATE_HOSTS", resolve=lambda host, port: found, proxies={})
    with pytest.raises(DeliveryRefusedError, match=r"can't be called: hooks.example resolves to"):
        sender(url, client=client).send(notification(1, message=BODY))
    assert receiver.calls == []
    listed = OutboundClient(["hooks.example"], resolve=lambda host, port: ["127.0.0.1"], proxies={})
    sender(url, client=listed).send(notification(1, message=BODY))
    assert receiver.calls[0][1]["Host"] == f"hooks.example:{receiver.server.server_port}"


@pytest.mark.parametrize("host", ["0x7f.1", "2130706433", "0", "127.1"])
def test_an_address_in_an_unusual_form_is_refused(host):
    with pytest.raises(DeliveryRefusedError, match="unusual form"):
        sender(f"http://{host}:1/").send(notification(1, message=BODY))

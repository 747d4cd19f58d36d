"""Webhooks over real HTTP on loopback."""

import hashlib
import hmac

import pytest

from squall.alerts.interfaces import DeliveryRefusedError, DeliveryUnavailableError
from squall.alerts.notification.webhook.sender import WebhookSender
from squall.alerts.notification.webhook.signature import sign
from squall.core.clock import ManualClock
from tests.support.alert_mail import NOW, MemoryOutbox, deliver, notification
from tests.support.webhook_server import Receiver

BODY = '{"version":1,"reason":"firing","alerts":[{"topic":"Öl"}]}'.encode()


@pytest.fixture
def receiver():
    receiver = Receiver()
    yield receiver
    receiver.close()


def sender(url, secret="s3cret", timeout=5.0):
    return WebhookSender(url, secret, timeout, ManualClock(NOW))


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
    with pytest.raises(DeliveryRefusedError, match=f"answered {status} .*: no such alert") as caught:
        sender(receiver.url).send(notification(1, message=BODY))
    assert "url and secret" in caught.value.hint
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

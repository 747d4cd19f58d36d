"""Sends messages to a webhook: signed JSON over HTTP, safe to repeat."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from squall.alerts.interfaces import DeliveryRefusedError, DeliveryUnavailableError
from squall.alerts.notification.webhook.signature import SIGNATURE_HEADER, TIMESTAMP_HEADER, sign
from squall.core.clock import Clock
from squall.core.net.addresses import host_port
from squall.core.net.outbound.client import Answer, OutboundClient, OutboundRequest
from squall.core.net.outbound.errors import OutboundError, RequestRefusedError, status_words
from squall.core.net.tls import TlsNames, explain
from squall.storage.rows.alerting import Notification

NAMES: Final = TlsNames(
    link="the webhook",
    address="the receiver's url (SQUALL_ALERTS__RECEIVERS)",
    enable_hint="write https:// in the receiver's url (SQUALL_ALERTS__RECEIVERS)",
    port_hint="correct the receiver's url (SQUALL_ALERTS__RECEIVERS)",
    ca="SSL_CERT_FILE, a variable that names a file of certificates (PEM)",
)
_TEMPORARY: Final = {408, 425, 429}
"""Request timeout, too early, too many requests: the only refusals that are temporary."""


class WebhookSender:
    """Posts notifications to a URL; a repeated one carries the same `Idempotency-Key`.

    Args:
        url: http or https.
        secret: shared with the receiver; empty: requests are not signed.
        timeout_seconds: from the look-up of the host to the end of the answer.
        clock: gives the timestamp that is signed.
        client: sends the requests.
    """

    def __init__(self, url: str, secret: str, timeout_seconds: float, clock: Clock, client: OutboundClient) -> None:
        self._url = url
        self._secret = secret
        self._timeout = timeout_seconds
        self._clock = clock
        self._client = client

    def send(self, notification: Notification) -> None:
        """Post `notification.message`, JSON; return once the receiver has answered with a status of 200 to 299.

        Redirects are not followed: a signed message goes only to the configured address. Of the reply only the status is read.

        Raises:
            DeliveryUnavailableError: no answer, a server error, or too many requests: try again.
            DeliveryRefusedError: the receiver refuses this message for good, or its address must not be called.
        """
        body = notification.message
        timestamp = str(int(self._clock.now().timestamp()))
        headers = {
            "Content-Type": "application/json",
            "Accept-Encoding": "identity",
            "Idempotency-Key": notification.id,
            TIMESTAMP_HEADER: timestamp,
        }
        if self._secret:
            headers[SIGNATURE_HEADER] = sign(self._secret, timestamp, body)
        try:
            self._client.exchange(OutboundRequest("POST", self._url, self._timeout, headers, body), self._read)
        except RequestRefusedError as error:
            raise DeliveryRefusedError(f"{self.describe()} can't be called: {error}", "correct the receiver's url") from error
        except OutboundError as error:
            trouble = explain(error, self._host, NAMES)
            if trouble is not None:
                raise DeliveryUnavailableError(trouble.what, trouble.hint) from error
            raise DeliveryUnavailableError(f"{self.describe()} does not answer: {error}", "check the receiver's url") from error

    def describe(self) -> str:
        """Return where messages go, without path, query and password, which often hold a token."""
        try:
            parts = urlsplit(self._url)
            return f"webhook {parts.scheme}://{host_port(self._host, parts.port) if parts.port else self._host}"
        except ValueError:
            return "webhook"

    @property
    def _host(self) -> str:
        return urlsplit(self._url).hostname or ""

    async def _read(self, answer: Answer) -> None:
        if HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
            return
        what = f"{self.describe()} answered {status_words(answer.status)}"
        if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR or answer.status in _TEMPORARY:
            raise DeliveryUnavailableError(what)
        raise DeliveryRefusedError(what, "check the receiver's url and secret")

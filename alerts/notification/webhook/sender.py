"""Sends messages to a webhook: signed JSON over HTTP, or what a template makes, safe to repeat."""

from __future__ import annotations

from collections.abc import Mapping

from squall.alerts.notification.http.poster import Poster
from squall.alerts.notification.webhook.signature import SIGNATURE_HEADER, TIMESTAMP_HEADER, sign
from squall.core.clock import Clock
from squall.core.config.alerts import JSON_TYPE
from squall.core.net.outbound.client import OutboundClient, OutboundRequest
from squall.storage.rows.alerting import Notification


class WebhookSender:
    """Posts notifications to a URL; a repeated one carries the same `Idempotency-Key`.

    Args:
        url: http or https.
        secret: shared with the receiver; empty: requests are not signed.
        timeout_seconds: from the look-up of the host to the end of the answer.
        clock: gives the timestamp that is signed.
        client: sends the requests.
        content_type: of the messages.
        headers: further ones.
    """

    def __init__(
        self,
        url: str,
        secret: str,
        timeout_seconds: float,
        clock: Clock,
        client: OutboundClient,
        content_type: str = JSON_TYPE,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self._url = url
        self._secret = secret
        self._timeout = timeout_seconds
        self._clock = clock
        self._poster = Poster("webhook", url, client, clock)
        self._headers = {**(headers or {}), "Content-Type": content_type, "Accept-Encoding": "identity"}

    def send(self, notification: Notification) -> None:
        """Post `notification.message`; return once the receiver has answered with a status of 200 to 299.

        Raises:
            DeliveryUnavailableError: no answer, a server error, or too many requests: try again.
            DeliveryRefusedError: the receiver refuses this message for good, or its address must not be called.
        """
        body = notification.message
        timestamp = str(int(self._clock.now().timestamp()))
        headers = {**self._headers, "Idempotency-Key": notification.id, TIMESTAMP_HEADER: timestamp}
        if self._secret:
            headers[SIGNATURE_HEADER] = sign(self._secret, timestamp, body)
        self._poster.send(OutboundRequest("POST", self._url, self._timeout, headers, body))

    def describe(self) -> str:
        """Return where messages go, without path, query and password, which often hold a token."""
        return self._poster.describe()

"""Sends messages to a webhook: signed JSON over HTTP, safe to repeat."""

from __future__ import annotations

from typing import Final

import httpx

from squall.alerts.interfaces import DeliveryRefusedError, DeliveryUnavailableError
from squall.alerts.notification.webhook.signature import SIGNATURE_HEADER, TIMESTAMP_HEADER, sign
from squall.core.clock import Clock
from squall.core.errors import SquallError
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
_REPLY_CHARS: Final = 200


class WebhookSender:
    """Posts notifications to a URL; a repeated one carries the same `Idempotency-Key`.

    Args:
        url: http or https.
        secret: shared with the receiver; empty: requests are not signed.
        timeout_seconds: for connecting and for each wait for the answer.
        clock: gives the timestamp that is signed.
    """

    def __init__(self, url: str, secret: str, timeout_seconds: float, clock: Clock) -> None:
        self._url = url
        self._secret = secret
        self._timeout = timeout_seconds
        self._clock = clock

    def send(self, notification: Notification) -> None:
        """Post `notification.message`, JSON; return once the receiver has answered with a status of 200 to 299.

        Redirects are not followed: a signed message goes only to the configured address.

        Raises:
            DeliveryUnavailableError: no answer, a server error, or too many requests: try again.
            DeliveryRefusedError: the receiver refuses this message for good.
        """
        body = notification.message
        timestamp = str(int(self._clock.now().timestamp()))
        headers = {"Content-Type": "application/json", "Idempotency-Key": notification.id, TIMESTAMP_HEADER: timestamp}
        if self._secret:
            headers[SIGNATURE_HEADER] = sign(self._secret, timestamp, body)
        try:
            answer = httpx.post(self._url, content=body, headers=headers, timeout=self._timeout)
        except (httpx.HTTPError, OSError) as error:
            trouble = explain(error, httpx.URL(self._url).host, NAMES)
            if trouble is not None:
                raise DeliveryUnavailableError(trouble.what, trouble.hint) from error
            raise DeliveryUnavailableError(
                f"{self.describe()} does not answer: {type(error).__name__}: {error}", "check the receiver's url"
            ) from error
        except (httpx.InvalidURL, UnicodeError) as error:
            raise DeliveryRefusedError(f"{self.describe()} can't be called: {error}", "correct the receiver's url") from error
        if not answer.is_success:
            raise self._refusal(answer)

    def describe(self) -> str:
        """Return where messages go, without path, query and password, which often hold a token."""
        try:
            url = httpx.URL(self._url)
        except httpx.InvalidURL:
            return "webhook"
        return f"webhook {url.scheme}://{url.host}{f':{url.port}' if url.port else ''}"

    def _refusal(self, answer: httpx.Response) -> SquallError:
        words = " ".join(answer.text.split())[:_REPLY_CHARS]
        what = f"{self.describe()} answered {answer.status_code} {answer.reason_phrase}{f': {words}' if words else ''}"
        if answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR or answer.status_code in _TEMPORARY:
            return DeliveryUnavailableError(what)
        return DeliveryRefusedError(what, "check the receiver's url and secret")

"""Sends one request of a channel, and says in Squall's words what became of it."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from squall.alerts.interfaces import DeliveryRefusedError, DeliveryUnavailableError
from squall.alerts.notification.http.waits import asked_wait
from squall.core.clock import Clock
from squall.core.net.addresses import host_port
from squall.core.net.outbound.client import Answer, OutboundClient, OutboundRequest
from squall.core.net.outbound.errors import OutboundError, RequestRefusedError, status_words
from squall.core.net.tls import TlsNames, explain

_SETTING: Final = "the receiver's url (SQUALL_ALERTS__RECEIVERS)"
_CHECK: Final = "check the receiver's url and secret"
_TEMPORARY: Final = {408, 425, 429}
"""Request timeout, too early, too many requests: the only refusals that are temporary."""


class Poster:
    """Sends the requests of one receiver.

    Args:
        channel: its name, for messages.
        url: of the receiver; only scheme, host and port are ever shown, because the rest often holds a token.
        client: sends the requests.
        clock: turns the date that a server asks to wait for into seconds.
        check: what to look at after a refusal.
    """

    def __init__(self, channel: str, url: str, client: OutboundClient, clock: Clock, check: str = _CHECK) -> None:
        self._channel = channel
        self._url = url
        self._client = client
        self._clock = clock
        self._check = check
        self._names = TlsNames(
            link=f"the {channel}",
            address=_SETTING,
            enable_hint=f"write https:// in {_SETTING}",
            port_hint=f"correct {_SETTING}",
            ca="SSL_CERT_FILE, a variable that names a file of certificates (PEM)",
        )

    def send(self, request: OutboundRequest) -> None:
        """Send `request`; return once the receiver has answered with a status of 200 to 299.

        Redirects are not followed: a message goes only to the configured address. Of the answer only status and headers are read.

        Raises:
            DeliveryUnavailableError: no answer, a server error, or too many requests: try again, after the time that the server asks for.
            DeliveryRefusedError: the receiver refuses this message for good, or its address must not be called.
        """
        try:
            self._client.exchange(request, self._read)
        except RequestRefusedError as error:
            raise DeliveryRefusedError(f"{self.describe()} can't be called: {error}", "correct the receiver's url") from error
        except OutboundError as error:
            trouble = explain(error, self._host, self._names)
            if trouble is not None:
                raise DeliveryUnavailableError(trouble.what, trouble.hint) from error
            raise DeliveryUnavailableError(f"{self.describe()} does not answer: {error}", "check the receiver's url") from error

    def describe(self) -> str:
        """Return where messages go, without path, query and password."""
        try:
            parts = urlsplit(self._url)
            return f"{self._channel} {parts.scheme}://{host_port(self._host, parts.port) if parts.port else self._host}"
        except ValueError:
            return self._channel

    @property
    def _host(self) -> str:
        return urlsplit(self._url).hostname or ""

    async def _read(self, answer: Answer) -> None:
        if HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
            return
        what = f"{self.describe()} answered {status_words(answer.status)}"
        if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR or answer.status in _TEMPORARY:
            raise DeliveryUnavailableError(what, wait_seconds=asked_wait(answer.header, self._clock.now()))
        raise DeliveryRefusedError(what, self._check)

"""Sends messages to a receiver of a service, and the table of the services."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import orjson

from squall.alerts.interfaces import DeliveryRefusedError
from squall.alerts.notification.http.pacing import Pacing
from squall.alerts.notification.http.poster import Poster
from squall.alerts.notification.services.discord import DISCORD
from squall.alerts.notification.services.opsgenie import OPSGENIE
from squall.alerts.notification.services.pagerduty import PAGERDUTY
from squall.alerts.notification.services.service import Service, load_calls
from squall.alerts.notification.services.slack import SLACK
from squall.alerts.notification.services.teams import TEAMS
from squall.alerts.notification.services.telegram import TELEGRAM
from squall.core.clock import Clock
from squall.core.config.alerts import JSON_TYPE, Channel, ReceiverSettings
from squall.core.net.outbound.client import OutboundClient, OutboundRequest
from squall.storage.rows.alerting import Notification

SERVICES: Final[Mapping[Channel, Service]] = {
    "slack": SLACK,
    "teams": TEAMS,
    "pagerduty": PAGERDUTY,
    "opsgenie": OPSGENIE,
    "telegram": TELEGRAM,
    "discord": DISCORD,
}


class ServiceSender:
    """Sends the requests of each notification in order, no faster than the service allows.

    A notification of several requests that fails half-way is sent again as a whole: services that get several know incidents by key.

    Args:
        receiver: whose channel is one of `SERVICES`.
        clock: of the pauses.
        client: sends the requests.
    """

    def __init__(self, receiver: ReceiverSettings, clock: Clock, client: OutboundClient) -> None:
        self._receiver = receiver
        self._service = SERVICES[receiver.channel]
        check = "check the receiver's url" if not receiver.secret.get_secret_value() else "check the receiver's secret and url"
        self._poster = Poster(self._service.name, receiver.address, client, clock, check)
        self._pacing = Pacing(self._service.seconds_apart, clock)

    def send(self, notification: Notification) -> None:
        """Send `notification.message`; return once every request was accepted.

        Raises:
            DeliveryUnavailableError: no answer, a server error, or too many requests: try again.
            DeliveryRefusedError: the service refuses this message for good, it was made for another channel, or the address is forbidden.
        """
        try:
            calls = load_calls(notification.message)
        except ValueError:
            what = f"the message was made before the receiver {self._receiver.name!r} became one of {self._service.name}"
            raise DeliveryRefusedError(what, "give the new receiver a name of its own") from None
        for call in calls:
            addressed = self._service.address(call, self._receiver)
            headers = {**addressed.headers, "Content-Type": JSON_TYPE, "Accept-Encoding": "identity", "User-Agent": "Squall"}
            request = OutboundRequest(call.method, addressed.url, self._receiver.timeout_seconds, headers, orjson.dumps(addressed.body))
            self._pacing.wait()
            try:
                self._poster.send(request)
            finally:
                self._pacing.ended()

    def describe(self) -> str:
        """Return where messages go, without path, query and password, which often hold a token."""
        return self._poster.describe()

"""A sign of life for a watchdog outside: a URL is requested at an interval while the detector runs well.

What stays silent can't report itself: a watchdog (healthchecks.io, Dead Man's Snitch, a heartbeat of Opsgenie) tells people when the
requests stay away. So they are made only while everything works that an alert needs on its way.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from http import HTTPStatus
from urllib.parse import urlsplit

from squall.core.config.alerts import HeartbeatSettings
from squall.core.config.settings import Settings
from squall.core.net.outbound.client import Answer, OutboundClient, OutboundRequest
from squall.core.net.outbound.errors import OutboundError, RequestStoppedError, status_words
from squall.core.net.plaintext import refuse_plaintext

log = logging.getLogger(__name__)


class Heartbeat:
    """Requests the watchdog's URL. Trouble is logged once, and once more when it is over; its URL is never shown.

    Args:
        settings: with a URL.
        client: sends the requests.
    """

    def __init__(self, settings: HeartbeatSettings, client: OutboundClient) -> None:
        headers = {"User-Agent": "Squall", "Accept-Encoding": "identity"}
        if settings.authorization.get_secret_value():
            headers["Authorization"] = settings.authorization.get_secret_value()
        self.interval_seconds = settings.interval_seconds
        self._request = OutboundRequest("GET", settings.url.get_secret_value(), settings.timeout_seconds, headers)
        self._client = client
        self._trouble = ""

    def beat(self, trouble: str, stopped: Callable[[], bool]) -> bool:
        """Request the URL unless there is `trouble`; return whether the watchdog answered with a status of 200 to 299.

        Args:
            trouble: why the detector does not run well; empty: it does.
            stopped: asked while the request runs whether to give up.
        """
        try:
            trouble = f"withheld: {trouble}" if trouble else self._send(stopped)
        except RequestStoppedError:
            return False
        if trouble != self._trouble:
            if trouble:
                log.warning("the heartbeat is %s", trouble)
            else:
                log.info("the heartbeat reaches the watchdog again")
        self._trouble = trouble
        return not trouble

    def _send(self, stopped: Callable[[], bool]) -> str:
        """Return what went wrong, in Squall's words; empty if nothing did."""

        async def status(answer: Answer) -> int:
            return answer.status

        try:
            found = self._client.exchange(self._request, status, stopped)
        except OutboundError as error:
            return f"not answered: {error}"
        if HTTPStatus.OK <= found < HTTPStatus.MULTIPLE_CHOICES:
            return ""
        return f"refused: the watchdog answered {status_words(found)}; check SQUALL_ALERTS__HEARTBEAT__URL"


def open_heartbeat(settings: Settings) -> Heartbeat | None:
    """Return the heartbeat of the settings, None where there is no URL.

    Raises:
        ConfigurationError: the URL would be requested from another machine in plaintext, and that was not allowed.
    """
    heartbeat = settings.alerts.heartbeat
    url = heartbeat.url.get_secret_value()
    if not url:
        return None
    if url.startswith("http://"):
        host = urlsplit(url).hostname or "its address"
        refuse_plaintext("the heartbeat", [host], "write https:// in SQUALL_ALERTS__HEARTBEAT__URL", allowed=settings.allow_plaintext)
    return Heartbeat(heartbeat, OutboundClient(settings.alerts.private_hosts, "SQUALL_ALERTS__PRIVATE_HOSTS"))

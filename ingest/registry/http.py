"""HTTP for sources: one request at a time, with limits on its time, its size and the hosts it may reach."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal

import orjson

from squall.core.config.ingest import IngestSettings
from squall.core.errors import StoppedError, UnavailableError
from squall.core.net.addresses import redact_url
from squall.core.net.outbound.answers import ACCEPTED_ENCODINGS, read_body, retry_after
from squall.core.net.outbound.client import Answer, OutboundClient, OutboundRequest
from squall.core.net.outbound.errors import OutboundError, RequestStoppedError, status_words
from squall.core.net.outbound.policy import HostPolicy
from squall.core.net.outbound.sockets import host_and_port

_MOST_REDIRECTS: Final = 5
_SETTING: Final = "SQUALL_INGEST__PRIVATE_HOSTS"


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """An answer, whatever its status.

    Args:
        url: as requested, redacted.
        status: of the answer.
        headers: by lower-case name; foreign text.
        body: unpacked.
    """

    url: str
    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def ok(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status < 300

    def retry_after(self, now: datetime) -> float | None:
        """Return the seconds that `Retry-After` asks to wait, at most a day; None if it asks for nothing that can be read."""
        value = self.headers.get("retry-after", "")
        return retry_after(value, now) if value else None

    def json(self) -> Any:
        """Return the body as JSON.

        Raises:
            UnavailableError: the status is not 2xx, or the body is not JSON.
        """
        if not self.ok:
            raise UnavailableError(f"{self.url} answered {status_words(self.status)}")
        try:
            return orjson.loads(self.body)
        except orjson.JSONDecodeError as error:
            raise UnavailableError(f"{self.url} answered with what is not JSON") from error


class SourceHttp:
    """Sends the requests of sources. Thread-safe.

    Hosts on private networks are refused unless `ingest.private_hosts` names them.

    Args:
        settings: timeout, size, user agent, private hosts.
    """

    def __init__(self, settings: IngestSettings) -> None:
        self._settings = settings
        self._client = OutboundClient(settings.private_hosts, _SETTING)

    def policy(self, url: str) -> HostPolicy:
        """Return what decides which hosts a library that connects by itself may reach.

        Args:
            url: that the operator wrote; an address or `localhost` in it may be reached.

        Raises:
            ValueError: it is no URL.
        """
        return HostPolicy(self._settings.private_hosts, _SETTING, host_and_port(url))

    @property
    def user_agent(self) -> str:
        """How Squall names itself to servers."""
        return self._settings.user_agent

    def request(
        self,
        method: Literal["GET", "POST", "PUT"],
        url: str,
        stop: threading.Event,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes = b"",
        timeout_seconds: float | None = None,
        max_bytes: int | None = None,
        whole: bool = True,
    ) -> HttpAnswer:
        """Return the answer, also one with a status of 4xx or 5xx.

        Args:
            method: a GET follows redirects; `Authorization` and `Cookie` are not sent to other hosts.
            url: http or https; a user and password in it become an Authorization header.
            stop: ends the request within a tenth of a second.
            headers: further ones; User-Agent is that of the settings unless given.
            content: the body.
            timeout_seconds: for the whole request; None: `ingest.request_timeout_seconds`.
            max_bytes: of the answer; None: `ingest.max_feed_bytes`.
            whole: whether a longer answer is an error; its beginning is returned otherwise.

        Raises:
            UnavailableError: no connection, a forbidden host, or a limit is exceeded. Its words are ours.
            StoppedError: `stop` was set.
        """
        shown = redact_url(url)
        settings = self._settings
        limit = max_bytes or settings.max_feed_bytes

        async def read(answer: Answer) -> HttpAnswer:
            return HttpAnswer(shown, answer.status, answer.headers(), await read_body(answer, limit, whole=whole))

        sent = {"User-Agent": settings.user_agent, "Accept": "*/*", "Accept-Encoding": ACCEPTED_ENCODINGS, **(headers or {})}
        seconds = timeout_seconds or settings.request_timeout_seconds
        request = OutboundRequest(method, url, seconds, sent, content, redirects=_MOST_REDIRECTS if method == "GET" else 0)
        try:
            return self._client.exchange(request, read, stop.is_set)
        except RequestStoppedError:
            raise StoppedError(f"stopped while {shown} was asked") from None
        except OutboundError as error:
            raise UnavailableError(f"{shown}: {error}") from error

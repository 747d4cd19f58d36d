"""Pushed documents as a source: an HTTP server that answers after the driver's commit."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Iterator, Sequence

from squall.core.clock import Clock
from squall.core.config.settings import PushSettings
from squall.core.errors import BrokerUnavailableError, ConfigurationError
from squall.core.items import Batch, Item, Origin, Rejection
from squall.core.net.addresses import host_port
from squall.core.net.http.host_gate import HostGateMiddleware, HostRule
from squall.core.net.http.limits import PUSH_SHARE, Timeouts, connection_cap
from squall.core.net.http.server import HttpServer
from squall.core.net.listen import listen
from squall.core.observability.health import Health
from squall.ingest.push.app import PROBES, PushEndpoint, create_app
from squall.ingest.push.authorisation import check_tokens
from squall.ingest.push.queue import PushQueue, Submission
from squall.ingest.push.results import Entry, PublishedVersions, Result, results_of
from squall.ingest.source import BATCH_ITEMS, OriginNumbers, accepted, limited

log = logging.getLogger(__name__)

_STOP_CHECK_SECONDS = 0.1
_STOP_SECONDS = 5.0
_GRACE_SECONDS = 2


class PushSource:
    """Listens for documents and delivers them; a request is answered 202 after the batch with its documents is committed.

    A sender that got no 202 sends again: ids are deterministic, so a document is counted once. There is no cursor.

    Args:
        settings: address, tokens, limits.
        clock: gives `collected_at`.
        health: receives metrics of requests, and liveness.

    Raises:
        ConfigurationError: an address other than loopback without a token.
    """

    def __init__(self, settings: PushSettings, clock: Clock, health: Health | None = None) -> None:
        check_tokens(settings)
        self._health = health or Health(clock)
        self.endpoint = PushEndpoint(settings, clock, PushQueue(settings.max_pending), metrics=self._health.metrics)
        self._settings = settings
        self._numbers = OriginNumbers(self.name, clock)
        self._published = PublishedVersions()
        self._server: HttpServer | None = None
        self._socket: socket.socket | None = None
        self._closed = False

    @property
    def name(self) -> str:
        """`push`."""
        return "push"

    @property
    def live(self) -> bool:
        """True; see `squall.ingest.source.Source`."""
        return True

    @property
    def port(self) -> int:
        """The port that it listens on; for port 0 the free one that was chosen at the start."""
        return int(self._socket.getsockname()[1]) if self._socket else self._settings.port

    @property
    def url(self) -> str:
        """The URL to post to."""
        return f"http://{host_port(self._settings.host, self.port)}/documents"

    def start(self) -> None:
        """Start to listen; `batches` calls this too.

        Raises:
            ConfigurationError: the address is in use or does not belong to this machine.
        """
        if self._server is not None or self._closed:
            return
        name, settings = "the push endpoint", self._settings
        self._socket = listen(settings.host, settings.port, server=name, settings="SQUALL_PUSH")
        hosts = HostRule(name, "SQUALL_PUSH__ALLOWED_HOSTS", settings.host, settings.allowed_hosts, login=bool(settings.tokens))
        self._server = HttpServer(
            HostGateMiddleware(create_app(self.endpoint), hosts),
            self._socket,
            name=name,
            cap=connection_cap(name, settings.max_connections, PUSH_SHARE),
            probes=PROBES,
            timeouts=Timeouts(body=settings.body_timeout_seconds),
            grace_seconds=_GRACE_SECONDS,
        )
        self._server.start_thread("push")
        log.info("listening for documents", extra={"url": self.url})

    def use_tokens(self, settings: PushSettings) -> None:
        """Accept the tokens of `settings` from now on; everything else of them needs a restart.

        Raises:
            ConfigurationError: without tokens it would be open to other machines, or the endpoint changes between with and without.
        """
        if bool(settings.tokens) != bool(self._settings.tokens):
            raise ConfigurationError("tokens can be replaced while the endpoint runs, but not added to none or taken away", "restart it")
        self.endpoint.settings = self._settings.model_copy(update={"tokens": settings.tokens})
        log.info("push tokens in use: %s", ", ".join(token.name for token in settings.tokens) or "none")

    def report_outage(self, error: BrokerUnavailableError | None) -> None:
        """Answer 503 at once from now on, or (None) accept again."""
        self.endpoint.outage = error.what if error else ""

    def batches(self, stop: threading.Event) -> Iterator[Batch]:
        """Deliver posted documents until stopped; see `squall.ingest.source.Source`."""
        self.start()
        self._health.liveness.expect(self.name)
        try:
            while not stop.is_set() and not self._closed:
                self._health.liveness.touch(self.name)
                taken = self.endpoint.queue.take(BATCH_ITEMS, _STOP_CHECK_SECONDS)
                if taken:
                    yield self._batch(taken)
        finally:
            self._closed = True
            self.endpoint.queue.close()

    def close(self) -> None:
        """Stop listening; waiting requests are answered 503."""
        self._closed = True
        self.endpoint.queue.close()
        if self._server is not None:
            self._server.stop(_STOP_SECONDS)
        if self._socket is not None:
            self._socket.close()

    def _batch(self, taken: Sequence[Submission]) -> Batch:
        entries = [entry for submission in taken for entry in submission.entries]
        items = [_item(self._numbers.next(), entry) for entry in entries]
        settled: list[Result] = []

        def commit() -> None:
            self.endpoint.queue.settle(taken, settled or self._published.results(entries))

        return Batch(
            items,
            commit,
            caught_up=self.endpoint.queue.pending == len(items),
            settle=lambda outcomes: settled.extend(results_of(outcomes)),
        )


def _item(origin: Origin, entry: Entry) -> Item:
    """Return the item of an entry. A rejected one does not count towards the limit of rejects: its sender is told, and others go on."""
    return limited(Item(origin, rejection=entry)) if isinstance(entry, Rejection) else accepted(origin, entry)

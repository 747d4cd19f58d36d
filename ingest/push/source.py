"""Pushed documents as a source: an HTTP server that answers after the driver's commit."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Iterator, Sequence

import uvicorn

from squall.core.clock import Clock
from squall.core.config.settings import PushSettings
from squall.core.errors import BrokerUnavailableError, ConfigurationError
from squall.core.items import Batch
from squall.core.net.addresses import host_port, is_loopback
from squall.core.net.listen import listen
from squall.core.observability.health import Health
from squall.ingest.push.app import PushEndpoint, create_app
from squall.ingest.push.queue import PushQueue, Submission
from squall.ingest.source import BATCH_ITEMS, OriginNumbers, accepted

log = logging.getLogger(__name__)

_STOP_CHECK_SECONDS = 0.2
_STOP_SECONDS = 5.0


class PushSource:
    """Listens for documents and delivers them; a request is answered 202 after the batch with its documents is committed.

    A sender that got no 202 sends again: ids are deterministic, so a document is counted once. There is no cursor.

    Args:
        settings: address, token, limits.
        clock: gives `collected_at`.
        health: receives metrics of requests, and liveness.

    Raises:
        ConfigurationError: an address other than loopback without a token.
    """

    def __init__(self, settings: PushSettings, clock: Clock, health: Health | None = None) -> None:
        if not settings.token.get_secret_value() and not is_loopback(settings.host):
            raise ConfigurationError(
                f"pushing on {settings.host} is open to other machines and has no token", "set SQUALL_PUSH__TOKEN, or host 127.0.0.1"
            )
        self._health = health or Health(clock)
        self.endpoint = PushEndpoint(settings, clock, PushQueue(settings.max_pending), metrics=self._health.metrics)
        self._settings = settings
        self._numbers = OriginNumbers(self.name, clock)
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None
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
        if self._thread is not None or self._closed:
            return
        self._socket = listen(self._settings.host, self._settings.port, server="the push endpoint", settings="SQUALL_PUSH")
        config = uvicorn.Config(
            create_app(self.endpoint), log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=2, timeout_keep_alive=15
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._socket]}, name="push", daemon=True)
        self._thread.start()
        log.info("listening for documents", extra={"url": self.url})

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
            self.close()

    def close(self) -> None:
        """Stop listening; waiting requests are answered 503."""
        self._closed = True
        self.endpoint.queue.close()
        if self._server is not None:
            self._server.should_exit = True
        if self._thread is not None:
            self._thread.join(_STOP_SECONDS)
        if self._socket is not None:
            self._socket.close()

    def _batch(self, taken: Sequence[Submission]) -> Batch:
        items = [accepted(self._numbers.next(), document) for submission in taken for document in submission.documents]
        return Batch(items, lambda: self.endpoint.queue.settle(taken, committed=True), caught_up=self.endpoint.queue.pending == len(items))

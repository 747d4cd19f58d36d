"""Metrics and probes of one process over HTTP: /metrics, /livez, /readyz. On a thread of its own, so that a busy event loop answers too."""

from __future__ import annotations

import errno
import logging
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from typing import Any, Final

from prometheus_client import GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import Metric as Family

from squall.core.clock import Clock
from squall.core.config.settings import MetricsSettings, Settings
from squall.core.errors import ConfigurationError
from squall.core.observability.health import Health
from squall.core.observability.metric_spec import Dependency
from squall.core.observability.metrics import Metrics
from squall.core.version import __version__

log = logging.getLogger("squall.metrics")

REQUEST_SECONDS: Final = 10.0
_TEXT: Final = "text/plain; charset=utf-8"

Answer = tuple[HTTPStatus, str, bytes]
"""Status, content type, body."""


class MetricsServer:
    """Serves until closed.

    Args:
        settings: host and port; port 0 takes a free one here, `serving` leaves it off.
        health: what is told.

    Raises:
        ConfigurationError: the address is taken or not ours.
    """

    def __init__(self, settings: MetricsSettings, health: Health) -> None:
        ways: dict[str, Callable[[str], Answer]] = {
            "/metrics": lambda accept: _metrics(health.metrics, accept),
            "/livez": lambda _: _probe("alive", health.liveness.stuck()),
            "/readyz": lambda _: _probe("ready", [f"{name}: no answer" for name in health.dependencies.missing()]),
        }
        self._server = _listen(settings, ways)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, name="metrics", daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """Where it listens, without a path."""
        host, port = self._server.server_address[:2]
        name = host.decode() if isinstance(host, bytes) else str(host)
        return f"http://{f'[{name}]' if ':' in name else name}:{port}"

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@contextmanager
def serving(settings: Settings, clock: Clock, *needs: Dependency) -> Iterator[Health]:
    """Yield what the parts of this process report to, served while the block runs if a port is set.

    Args:
        settings: host, port and patience.
        clock: of metrics and probes.
        needs: not ready before all of these have answered.

    Raises:
        ConfigurationError: the address is taken or not ours.
    """
    health = Health(clock, patience_seconds=settings.metrics.patience_seconds)
    health.metrics.build(__version__)
    for name in needs:
        health.dependencies.expect(name)
    if not settings.metrics.port:
        yield health
        return
    for collector in (ProcessCollector, PlatformCollector, GCCollector):
        collector(registry=health.metrics.registry)
    server = MetricsServer(settings.metrics, health)
    log.info("metrics at %s/metrics", server.url)
    try:
        yield health
    finally:
        server.close()


def _metrics(metrics: Metrics, accept: str) -> Answer:
    encode, content_type = choose_encoder(accept)
    return HTTPStatus.OK, content_type, encode(_WithoutCreated(metrics))


def _probe(good: str, problems: list[str]) -> Answer:
    status = HTTPStatus.SERVICE_UNAVAILABLE if problems else HTTPStatus.OK
    return status, _TEXT, ("\n".join(problems) if problems else good).encode() + b"\n"


class _WithoutCreated:
    """A registry's families without `_created` series: twice the number, to tell when the process started."""

    def __init__(self, metrics: Metrics) -> None:
        self._registry = metrics.registry

    def collect(self) -> Iterator[Family]:
        for family in self._registry.collect():
            family.samples = [sample for sample in family.samples if not sample.name.endswith("_created")]
            yield family


class _Handler(BaseHTTPRequestHandler):
    """Answers GET and HEAD from a table of paths."""

    timeout = REQUEST_SECONDS
    server_version = "squall"
    sys_version = ""
    ways: dict[str, Callable[[str], Answer]]

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def log_message(self, *_: Any) -> None:
        """Say nothing: probes come every few seconds."""

    def _answer(self, *, with_body: bool) -> None:
        way = self.ways.get(self.path.partition("?")[0])
        if way is None:
            status, content_type, body = HTTPStatus.NOT_FOUND, _TEXT, b"/metrics, /livez or /readyz\n"
        else:
            status, content_type, body = way(self.headers.get("Accept", ""))
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if with_body:
            self.wfile.write(body)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True

    def server_bind(self) -> None:
        """Bind, without asking a name server who we are."""
        TCPServer.server_bind(self)

    def handle_error(self, *_: Any) -> None:
        """A scraper that went away is no news."""
        log.debug("a request failed", exc_info=True)


class _Server6(_Server):
    address_family = socket.AF_INET6


def _listen(settings: MetricsSettings, ways: dict[str, Callable[[str], Answer]]) -> _Server:
    handler = type("_BoundHandler", (_Handler,), {"ways": ways})
    kind = _Server6 if ":" in settings.host else _Server
    where = f"{settings.host}:{settings.port}"
    try:
        return kind((settings.host, settings.port), handler)
    except OSError as error:
        if error.errno in {errno.EADDRINUSE, errno.EACCES}:
            why = "is taken by another process" if error.errno == errno.EADDRINUSE else "is not open to this user"
            raise ConfigurationError(
                f"the metrics endpoint's address {where} {why}", "set SQUALL_METRICS__PORT to another port, one for each process; 0: off"
            ) from error
        raise ConfigurationError(f"the metrics endpoint cannot listen on {where}: {error}", "correct SQUALL_METRICS__HOST") from error

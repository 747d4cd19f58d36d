"""Metrics and probes of one process over HTTP: /metrics, /livez, /readyz. A thread of their own answers while the event loop is busy."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import ThreadingHTTPServer
from typing import Any, Final

from prometheus_client import GCCollector, PlatformCollector, ProcessCollector, disable_created_metrics
from prometheus_client.exposition import MetricsHandler

from squall.core.clock import Clock
from squall.core.config.settings import MetricsSettings, Settings
from squall.core.net.addresses import host_port
from squall.core.net.listen import listen
from squall.core.observability.health import Health
from squall.core.observability.metric_spec import Dependency
from squall.core.version import __version__

log = logging.getLogger("squall.metrics")

REQUEST_SECONDS: Final = 10.0


class MetricsServer:
    """Serves until closed.

    Args:
        settings: host and port; port 0 takes any free one here, while `serving` starts no server.
        health: the metrics, the progress and the dependencies to report.

    Raises:
        ConfigurationError: see `squall.core.net.listen.listen`.
    """

    def __init__(self, settings: MetricsSettings, health: Health) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # they double the series, and only give the start of the process
        handler = type("_BoundHandler", (_Handler,), {"registry": health.metrics.registry, "health": health})
        self._server = _Server((settings.host, settings.port), handler, bind_and_activate=False)
        self._server.socket.close()
        self._server.socket = listen(settings.host, settings.port, server="the metrics endpoint", settings="SQUALL_METRICS")
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, name="metrics", daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """Where it listens, without a path."""
        host, port = self._server.socket.getsockname()[:2]
        return f"http://{host_port(host, port)}"

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@contextmanager
def serving(settings: Settings, clock: Clock, *needs: Dependency) -> Iterator[Health]:
    """Yield what the parts of this process report to, served over HTTP while the block runs if a port is set.

    Args:
        settings: host, port and patience.
        clock: of metrics and probes.
        needs: dependencies that must have answered before the process is ready.

    Raises:
        ConfigurationError: see `MetricsServer`.
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


class _Handler(MetricsHandler):
    """prometheus_client's handler, with the probes beside the metrics."""

    timeout = REQUEST_SECONDS
    server_version = "squall"
    sys_version = ""
    health: Health

    def do_GET(self) -> None:  # noqa: N802  http.server names it
        if self._path == "/metrics":
            super().do_GET()
        else:
            self._reply(*self._probe(), with_body=True)

    def do_HEAD(self) -> None:  # noqa: N802
        self._reply(*((HTTPStatus.OK, "") if self._path == "/metrics" else self._probe()), with_body=False)

    @property
    def _path(self) -> str:
        return self.path.partition("?")[0]

    def _probe(self) -> tuple[HTTPStatus, str]:
        if self._path == "/livez":
            good, problems = "alive", self.health.liveness.stuck()
        elif self._path == "/readyz":
            good, problems = "ready", [f"{name}: no answer" for name in self.health.dependencies.missing()]
        else:
            return HTTPStatus.NOT_FOUND, "/metrics, /livez or /readyz"
        return (HTTPStatus.SERVICE_UNAVAILABLE, "\n".join(problems)) if problems else (HTTPStatus.OK, good)

    def _reply(self, status: HTTPStatus, text: str, *, with_body: bool) -> None:
        body = f"{text}\n".encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if with_body:
            self.wfile.write(body)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: Any) -> None:
        """Log at debug level only: a scraper that disconnects is normal."""
        log.debug("a request failed", exc_info=True)

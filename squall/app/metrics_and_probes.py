"""Metrics and probes of one process over HTTP: /metrics, /livez, /readyz. A thread of their own answers while the event loop is busy."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Final

from prometheus_client import GCCollector, PlatformCollector, ProcessCollector, disable_created_metrics
from prometheus_client.asgi import make_asgi_app
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from squall.core.clock import Clock
from squall.core.config.settings import MetricsSettings, Settings
from squall.core.net.addresses import host_port
from squall.core.net.http.host_gate import HostGateMiddleware, HostRule
from squall.core.net.http.limits import METRICS_SHARE, connection_cap
from squall.core.net.http.server import HttpServer
from squall.core.net.listen import listen
from squall.core.observability.health import Health
from squall.core.observability.metric_spec import Dependency
from squall.core.version import __version__

log = logging.getLogger("squall.metrics")

MAX_CONNECTIONS: Final = 32
"""Prometheus, the kubelet and a few people at a time."""
PROBES: Final = frozenset({"/livez", "/readyz"})
_STOP_SECONDS: Final = 3.0


class MetricsServer:
    """Serves until closed.

    Args:
        settings: host, port and allowed hosts; port 0 takes any free one here, while `serving` starts no server.
        health: the metrics, the progress and the dependencies to report.

    Raises:
        ConfigurationError: see `squall.core.net.listen.listen`.
    """

    def __init__(self, settings: MetricsSettings, health: Health) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # they double the series, and only give the start of the process
        name = "the metrics endpoint"
        listener = listen(settings.host, settings.port, server=name, settings="SQUALL_METRICS")
        self._address = listener.getsockname()[:2]
        hosts = HostRule(name, "SQUALL_METRICS__ALLOWED_HOSTS", settings.host, settings.allowed_hosts)
        app = HostGateMiddleware(_Endpoint(health), hosts)
        self._server = HttpServer(app, listener, name=name, cap=connection_cap(name, MAX_CONNECTIONS, METRICS_SHARE), probes=PROBES)
        self._server.start_thread("metrics")

    @property
    def url(self) -> str:
        """Where it listens, without a path."""
        return f"http://{host_port(*self._address)}"

    def close(self) -> None:
        """Stop serving."""
        self._server.stop(_STOP_SECONDS)


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


class _Endpoint:
    """prometheus_client's application, with the probes beside the metrics. Plain ASGI."""

    def __init__(self, health: Health) -> None:
        self._health = health
        self._metrics: ASGIApp = make_asgi_app(health.metrics.registry)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] not in {"GET", "HEAD"}:
            await PlainTextResponse("GET or HEAD\n", HTTPStatus.METHOD_NOT_ALLOWED, {"Allow": "GET, HEAD"})(scope, receive, send)
        elif scope["path"] == "/metrics":
            await self._metrics(scope, receive, send)
        else:
            status, text = self._probe(scope["path"])
            await PlainTextResponse(f"{text}\n", status)(scope, receive, send)

    def _probe(self, path: str) -> tuple[HTTPStatus, str]:
        if path == "/livez":
            good, problems = "alive", self._health.liveness.stuck()
        elif path == "/readyz":
            good, problems = "ready", [f"{name}: no answer" for name in self._health.dependencies.missing()]
        else:
            return HTTPStatus.NOT_FOUND, "/metrics, /livez or /readyz"
        return (HTTPStatus.SERVICE_UNAVAILABLE, "\n".join(problems)) if problems else (HTTPStatus.OK, good)

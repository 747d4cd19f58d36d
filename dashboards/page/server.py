"""The live page's web server; it runs on the event loop of the caller."""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from typing import Any

from squall.core.clock import Clock
from squall.core.config.entities import EntitySettings
from squall.core.config.settings import DetectorSettings, WebSettings
from squall.core.net.addresses import host_port
from squall.core.net.http.host_gate import HostGateMiddleware, HostRule
from squall.core.net.http.limits import PAGE_SHARE, connection_cap
from squall.core.net.http.server import HttpServer
from squall.core.net.listen import listen
from squall.dashboards.page.access import OPEN_PATHS, AccessControlMiddleware, check_access
from squall.dashboards.page.app import create_app
from squall.dashboards.page.event_stream import MAX_SUBSCRIBERS, POLL_SECONDS, EventBroadcaster
from squall.dashboards.page.security_headers import SecurityHeadersMiddleware
from squall.entities.catalogue.catalogue import Catalogue
from squall.entities.catalogue.groups import OpenGroups, groups_when_needed
from squall.storage import Store

log = logging.getLogger("squall.web")

STREAMS_SHARE = 3 / 4
"""Share of the connections that event streams, which stay open, may use."""
GRACE_SECONDS = 1
_NAME = "the live page"
STOP_SECONDS = 1.8
_ANY = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  only to name one that can be opened


class PageServer:
    """The live page and its JSON API.

    Args:
        store: read, and written when an alert is acknowledged or silenced.
        settings: host, port (0: any free port) and token.
        clock: for cache expiry, for the time of acknowledgements and silences, and to recognise what has stopped.
        detector: its interval decides when the detector counts as stopped; its sectors, which documents are behind an alert.
        groups: what belongs to what, and search by name; default: of the entities that ship with Squall, read when first asked for.
        poll_seconds: interval between polls of the store for the event stream.
    """

    def __init__(
        self,
        store: Store,
        settings: WebSettings,
        clock: Clock,
        detector: DetectorSettings | None = None,
        *,
        groups: OpenGroups | None = None,
        poll_seconds: float = POLL_SECONDS,
    ) -> None:
        self._store = store
        self._settings = settings
        self._clock = clock
        self._detector = detector or DetectorSettings()
        self._groups = groups or groups_when_needed(partial(Catalogue.open, EntitySettings()))
        self._poll_seconds = poll_seconds
        self._broadcaster: EventBroadcaster | None = None
        self._port = settings.port
        self._server: HttpServer | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        """The address of the page for a browser on this machine; with port 0, known only after `start`."""
        host = _ANY.get(self._settings.host, self._settings.host)
        return f"http://{host_port(host, self._port)}/"

    async def start(self) -> None:
        """Serve from the running event loop; returns when connections are accepted.

        Raises:
            ConfigurationError: the address is taken or not one of this machine, or it is open to the network without a token.
        """
        token = check_access(self._settings)
        listener = listen(self._settings.host, self._settings.port, server=_NAME, settings="SQUALL_WEB")
        self._port = listener.getsockname()[1]
        cap = connection_cap(_NAME, self._settings.max_connections, PAGE_SHARE)
        app, self._broadcaster = create_app(
            self._store,
            self._clock,
            self._detector,
            self._groups,
            poll_seconds=self._poll_seconds,
            max_streams=min(MAX_SUBSCRIBERS, int(cap * STREAMS_SHARE)),
        )
        hosts = HostRule(_NAME, "SQUALL_WEB__ALLOWED_HOSTS", self._settings.host, self._settings.allowed_hosts, login=bool(token))
        self._server = HttpServer(
            SecurityHeadersMiddleware(HostGateMiddleware(AccessControlMiddleware(app, token), hosts)),
            listener,
            name=_NAME,
            cap=cap,
            probes=OPEN_PATHS,
            grace_seconds=GRACE_SECONDS,
        )
        self._task = asyncio.create_task(self._server.serve(), name="squall-page")
        while not self._server.started and not self._task.done():
            await asyncio.sleep(0.005)
        if self._task.done():
            listener.close()
            self._task.result()

    async def stop(self) -> None:
        """Stop serving within two seconds, whatever clients and store are doing; may be called again."""
        server, task = self._server, self._task
        self._server = self._task = None
        if server is None or task is None:
            return
        ending: set[asyncio.Future[Any]] = {task}
        if self._broadcaster is not None:
            ending.add(self._broadcaster.close())  # streams do not end on their own
        server.stop()
        await asyncio.wait(ending, timeout=STOP_SECONDS)
        if not task.done():
            task.cancel()
        elif error := task.exception():
            log.error("the live page's server failed: %s", error)

"""`squall web`."""

from __future__ import annotations

import asyncio
import threading
from functools import partial
from typing import TYPE_CHECKING

import typer

from squall.cli.options import settings_of
from squall.cli.output import echo
from squall.core.clock import SystemClock
from squall.core.config.settings import Settings

if TYPE_CHECKING:
    from squall.core.observability.health import Health
    from squall.dashboards.page.server import PageServer


def web(context: typer.Context) -> None:
    """Serve the live page and its JSON API.

    Runs until Ctrl-C; `squall up` and `squall demo --keep` serve their own page. Reads the store of SQUALL_STORE__URL, or the embedded
    store of the data folder while no other process has it open; it does not create one.

    \b
    Examples:
      squall web
      SQUALL_WEB__PORT=9090 squall web
      SQUALL_WEB__HOST=0.0.0.0 SQUALL_WEB__TOKEN=$(openssl rand -hex 16) squall web
    """
    from squall.app.metrics_and_probes import serving
    from squall.app.signals import stop_on_signals
    from squall.app.store import open_migrated_store
    from squall.dashboards.page.access import check_access
    from squall.dashboards.page.server import PageServer
    from squall.entities.catalogue.catalogue import Catalogue
    from squall.entities.catalogue.groups import groups_when_needed

    settings, clock = settings_of(context), SystemClock()
    check_access(settings.web)  # before a long wait for a store
    groups = groups_when_needed(partial(Catalogue.open, settings.entities))
    groups()  # a broken table of entities is told now
    with stop_on_signals() as stop, serving(settings, clock, "store", "page") as health:
        store = open_migrated_store(settings, stop, health, create=False)
        try:
            asyncio.run(_serve(PageServer(store, settings.web, clock, settings.detector, groups=groups), settings, stop, health))
        finally:
            store.close()


async def _serve(page: PageServer, settings: Settings, stop: threading.Event, health: Health) -> None:
    from squall.app.page_address import publish_page_address

    await page.start()
    health.dependencies.answered("page")
    health.liveness.expect("page")
    echo(f"live page at {page.url}, until Ctrl-C", err=True)
    try:
        with publish_page_address(settings, page.url):
            while not stop.is_set():
                health.liveness.touch("page")  # requests are answered on the loop that this runs on
                await asyncio.sleep(0.1)
    finally:
        await page.stop()

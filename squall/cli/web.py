"""`squall web`: the live page on its own."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

import typer

from squall.core.clock import SystemClock
from squall.core.config.loading import load_settings
from squall.core.config.settings import Settings

if TYPE_CHECKING:
    from squall.core.observability.health import Health
    from squall.dashboards.page.server import PageServer


def web() -> None:
    """Serve the live page and its JSON API until Ctrl-C; `squall up` and `squall demo --keep` bring their own.

    Reads the store of SQUALL_STORE__URL, or the embedded one of the data folder while nobody else has it open.

    \b
    Examples:
      squall web
      SQUALL_WEB__PORT=9090 squall web
      SQUALL_WEB__HOST=0.0.0.0 SQUALL_WEB__TOKEN=$(openssl rand -hex 16) squall web
    """
    from squall.app.metrics_server import serving
    from squall.app.signals import stop_on_signals
    from squall.app.store import open_store
    from squall.dashboards.page.access import check_access
    from squall.dashboards.page.server import PageServer

    settings, clock = load_settings(), SystemClock()
    check_access(settings.web)  # before a long wait for a store
    with stop_on_signals() as stop, serving(settings, clock, "store", "page") as health:
        store = open_store(settings, stop, health)
        try:
            asyncio.run(_serve(PageServer(store, settings.web, clock, settings.detector), settings, stop, health))
        finally:
            store.close()


async def _serve(page: PageServer, settings: Settings, stop: threading.Event, health: Health) -> None:
    from squall.app.page_address import page_address_published

    await page.start()
    health.dependencies.answered("page")
    health.liveness.expect("page")
    typer.echo(f"live page at {page.url}, until Ctrl-C", err=True)
    try:
        with page_address_published(settings, page.url):
            while not stop.is_set():
                health.liveness.touch("page")  # requests are answered on the loop that this runs on
                await asyncio.sleep(0.1)
    finally:
        await page.stop()

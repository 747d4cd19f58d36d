from __future__ import annotations

import asyncio
import signal
import socket
import threading
import time
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from squall.core.config.settings import WebSettings
from squall.core.errors import ConfigurationError
from squall.dashboards.page.server import PageServer

MOST_SECONDS = 2.0


def test_it_starts_and_stops_inside_a_running_loop_and_leaves_the_signals_alone(world: Any) -> None:
    async def live() -> None:
        before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
        page = PageServer(world.store, WebSettings(port=0), world.clock)
        for _ in range(2):  # and again
            await page.start()
            async with httpx.AsyncClient() as client:
                assert (await client.get(page.url)).status_code == 200
                assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before
                await page.stop()
                with pytest.raises(httpx.TransportError):
                    await client.get(page.url)
        await page.stop()

    asyncio.run(live())


def test_a_taken_port_is_named_with_the_setting_that_moves_it(world: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        page = PageServer(world.store, WebSettings(port=port), world.clock)
        with pytest.raises(ConfigurationError, match=rf"127\.0\.0\.1:{port}: .*SQUALL_WEB__PORT"):
            asyncio.run(page.start())
        asyncio.run(page.stop())


def test_an_address_of_another_machine_is_named_with_its_setting(world: Any) -> None:
    page = PageServer(world.store, WebSettings(host="192.0.2.1", port=0, token=SecretStr("t")), world.clock)
    with pytest.raises(ConfigurationError, match="SQUALL_WEB__HOST"):
        asyncio.run(page.start())


def test_the_network_without_a_token_is_refused_before_anything_listens(world: Any) -> None:
    page = PageServer(world.store, WebSettings(host="0.0.0.0", port=0), world.clock)
    with pytest.raises(ConfigurationError, match="SQUALL_WEB__TOKEN"):
        asyncio.run(page.start())


def test_the_network_with_a_token_is_served_and_named_by_an_address_that_opens(world: Any) -> None:
    with world.serving(host="0.0.0.0", token=SecretStr("t")) as url:
        assert url.startswith("http://127.0.0.1:")
        assert httpx.get(url + "/", headers={"Authorization": "Bearer t"}).status_code == 200


def test_it_stops_in_time_while_clients_hang_and_the_store_is_slow(world: Any) -> None:
    asked, release = threading.Event(), threading.Event()

    class SlowStore:
        def ping(self) -> str:
            asked.set()
            release.wait(30)
            return "late"

    async def live() -> float:
        page = PageServer(SlowStore(), WebSettings(port=0), world.clock)  # type: ignore[arg-type]
        await page.start()
        address = ("127.0.0.1", httpx.URL(page.url).port)
        with socket.create_connection(address) as half, socket.create_connection(address) as waiting:
            half.sendall(b"GET / HTTP/1.1\r\n")
            waiting.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            await asyncio.to_thread(asked.wait, 10)
            start = time.monotonic()
            await page.stop()
            took = time.monotonic() - start
            release.set()
        return took

    assert asyncio.run(live()) < MOST_SECONDS

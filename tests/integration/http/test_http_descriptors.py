"""All listeners of a process together, with few descriptors: connections, descriptors and log stay bounded."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import textwrap

import pytest

SCRIPT = textwrap.dedent(
    """
    import asyncio, io, json, os, resource, socket, sys, threading, urllib.request
    LIMIT = 256
    resource.setrlimit(resource.RLIMIT_NOFILE, (LIMIT, LIMIT))
    from squall.app.metrics_and_probes import MetricsServer
    from squall.core.clock import SystemClock
    from squall.core.config.settings import LogSettings, MetricsSettings, PushSettings, WebSettings
    from squall.core.observability.health import Health
    from squall.core.observability.logging import configure_logging
    from squall.dashboards.page.server import PageServer
    from squall.ingest.push.source import PushSource

    class Store:
        def ping(self):
            return "1"

    log = io.StringIO()
    configure_logging(LogSettings(), log)
    metrics = MetricsServer(MetricsSettings(), Health())
    push = PushSource(PushSettings(port=0), SystemClock())
    push.start()
    page = PageServer(Store(), WebSettings(port=0), SystemClock())
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, daemon=True).start()
    asyncio.run_coroutine_threadsafe(page.start(), loop).result(10)
    probes = [page.url + "healthz", f"http://127.0.0.1:{push.port}/healthz", metrics.url + "/livez", metrics.url + "/readyz"]
    print(json.dumps([url.split("/")[2].split(":")[1] for url in probes[:3]]), flush=True)
    answers, most = [], 0
    for line in sys.stdin:
        answers += [urllib.request.urlopen(url, timeout=20).status for url in probes]
        most = max(most, len(os.listdir("/proc/self/fd")))
        print(json.dumps({"statuses": answers, "descriptors": most, "log": log.getvalue()}), flush=True)
    os._exit(0)
    """
)
CONNECTIONS = 300


@pytest.mark.slow
def test_every_probe_is_answered_while_clients_hold_what_they_can() -> None:
    with subprocess.Popen([sys.executable, "-c", SCRIPT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        held: list[socket.socket] = []
        try:
            for port in json.loads(process.stdout.readline()):
                for number in range(CONNECTIONS):
                    client = socket.socket()
                    client.setblocking(False)
                    client.connect_ex(("127.0.0.1", int(port)))
                    held.append(client)
                    if number % 3 == 0:
                        _send(client, b"POST /documents HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{")
                    elif number % 3 == 1:
                        _send(client, b"GET /he")
                process.stdin.write("\n")
                process.stdin.flush()
                report = json.loads(process.stdout.readline())
        finally:
            for client in held:
                client.close()
            process.stdin.close()
    assert set(report["statuses"]) == {200}
    assert len(report["statuses"]) == 12
    assert report["descriptors"] < 200, "the rest is for the store, Kafka and files"
    assert "Traceback" not in report["log"]
    assert len(report["log"].splitlines()) < 20, report["log"]


def _send(client: socket.socket, data: bytes) -> None:
    try:
        client.send(data)
    except OSError:  # not accepted yet
        return

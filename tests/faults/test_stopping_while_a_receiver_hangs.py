"""SIGTERM while a mail server hangs in the middle of a reply: the process ends in time, and its mail is sent later."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.support.alert_mail import notification
from tests.support.raw_server import Peer, RawServer, endlessly
from tests.support.squall_process import SquallProcess, opened

pytestmark = pytest.mark.slow

STOP_SECONDS = 15.0
"""The limit of a mail is ten minutes; Docker gives a process 10 s, a busy machine adds some."""


def hangs_in_a_reply(peer: Peer) -> None:
    peer.greet()
    peer.hear()
    peer.drip(endlessly(b"250-one moment\r\n"))


@pytest.mark.parametrize("arguments", [("detect",), ("detect", "--once"), ("up",)])
def test_a_process_ends_in_time_and_keeps_the_message(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    url = f"chdb://{tmp_path / 'chdb'}"
    with opened(url) as store:
        store.schema.migrate()
        store.notifications.write([notification(1, at=datetime.now(UTC))])
    with RawServer(hangs_in_a_reply) as server:
        process = SquallProcess(
            tmp_path / "log",
            *arguments,
            DATA_DIR=str(tmp_path),
            ALERTS__SMTP_HOST="127.0.0.1",
            ALERTS__SMTP_PORT=str(server.port),
            ALERTS__SMTP_TIMEOUT_SECONDS="600",
            PUSH__ENABLED="true",
            PUSH__PORT="0",
            WEB__PORT="0",
        )
        try:
            assert server.connected.wait(120), process.output()
            process.stop(STOP_SECONDS)
        finally:
            process.kill()
        assert "given up" in process.output()
        assert "Traceback" not in process.output()
    with opened(url) as store:
        assert store.notifications.waiting() == {"default": 1}
        kept = store.notifications.get("n1")
        assert kept is not None
        assert (kept.status, kept.attempts) == ("queued", 0)

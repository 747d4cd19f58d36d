"""A real SMTP server that remembers what it accepted."""

from __future__ import annotations

from collections import Counter
from email import message_from_bytes
from typing import Any

from aiosmtpd.controller import Controller

from squall.app.dev_broker import free_port


class Mailbox:
    """Listens on a free port of loopback while it is open."""

    def __init__(self) -> None:
        self.accepted: Counter[str] = Counter()
        """Message-ID → how often it was accepted."""
        self._controller = Controller(self, hostname="127.0.0.1", port=free_port())

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802  aiosmtpd names it
        self.accepted[str(message_from_bytes(envelope.content)["Message-ID"])] += 1
        return "250 accepted"

    @property
    def port(self) -> int:
        return int(self._controller.port)

    @property
    def doubled(self) -> int:
        """Mails that came again."""
        return self.accepted.total() - len(self.accepted)

    def start(self) -> None:
        self._controller.start()

    def stop(self) -> None:
        self._controller.stop()

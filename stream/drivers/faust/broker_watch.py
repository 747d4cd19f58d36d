"""Whether the broker answers: said once when it stops and once when it is back, and told to the health of the process."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Collection

from squall.core.clock import Clock, SystemClock
from squall.core.config.settings import Settings
from squall.core.errors import BrokerUnavailableError, ConfigurationError
from squall.core.observability.health import Health
from squall.stream.drivers.faust.quirks.stalled_consumer import uncommitted
from squall.stream.processor import WORKER

log = logging.getLogger("squall.worker")

ASK_SECONDS = 1.0
"""Between two questions to a broker that does not answer; each takes up to `squall.core.kafka.client.CONNECT_SECONDS`."""


class BrokerWatch:
    """Asks the broker over connections of its own, since those of Faust may wait for an answer.

    Args:
        settings: broker and topics.
        health: state of the broker; liveness, since waiting for the broker is no hang.
        clock: measures an outage.
    """

    def __init__(self, settings: Settings, health: Health, clock: Clock | None = None) -> None:
        self._settings = settings
        self._health = health
        self._clock = clock or SystemClock()
        self._since: float | None = None

    @property
    def away(self) -> bool:
        """Whether the last question was not answered."""
        return self._since is not None

    async def uncommitted(self, partitions: Collection[int]) -> int | None:
        """Return how many messages of `partitions` the group has not committed; None while the broker does not answer.

        Raises:
            ConfigurationError: it refuses the connection.
        """
        try:
            waiting = await asyncio.to_thread(
                uncommitted, self._settings.kafka, set(partitions), allow_plaintext=self._settings.allow_plaintext
            )
        except ConfigurationError:
            raise
        except BrokerUnavailableError as error:
            self.failed(error)
            return None
        except Exception as error:  # noqa: BLE001 - what only informs ends nothing; the next question will do
            log.warning("the lag of the group is unknown: %r", error)
            return None
        self.answered()
        return waiting

    def failed(self, error: BrokerUnavailableError) -> None:
        """Note that the broker does not answer."""
        if self._since is None:
            self._since = self._clock.monotonic()
            log.warning("the broker does not answer; nothing is lost, reading goes on when it does: %s", error)
        self._health.dependencies.failed("broker")
        self._health.liveness.touch(WORKER)

    def answered(self) -> None:
        """Note that the broker answers."""
        if self._since is not None:
            log.info("the broker answers again after %.0f s", self._clock.monotonic() - self._since)
            self._since = None
        self._health.dependencies.answered("broker")

    async def wait(self, stop: threading.Event) -> None:
        """Return when the broker answers, or `stop` is set.

        Raises:
            ConfigurationError: it refuses the connection.
        """
        while not stop.is_set() and await self.uncommitted(()) is None:
            await asyncio.sleep(ASK_SECONDS)

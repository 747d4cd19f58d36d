"""What the development broker needs of its clients, and Kafka does not. It is recognised by what it answers, not by its address."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from squall.core.config.kafka import KafkaSettings
from squall.core.kafka.login_probe import cluster_id
from squall.core.kafka.security import servers
from squall.stream.drivers.faust.quirks.dead_member_eviction import evict_dead_members
from squall.stream.drivers.faust.quirks.empty_fetch_pacing import pace_empty_fetches
from squall.stream.drivers.faust.quirks.private_attributes import kafka_consumer, member_id

CLUSTER_ID: Final = "MkU3OEVBNTctOEUyRi00"
"""The id that every development broker gives its cluster: 20 characters. Those of Kafka are random, 22 characters for 16 bytes."""
LOOK_SECONDS: Final = 3.0
"""Between two looks at the group, and between two questions to a broker that does not answer."""


def is_development_broker(settings: KafkaSettings) -> bool | None:
    """Return whether the broker is the development broker; None while no server answers. It knows neither TLS nor a login."""
    if settings.encrypted or settings.authenticates:
        return False
    for host, port in servers(settings):
        found = cluster_id(host, port)
        if found is not None:
            return found == CLUSTER_ID
    return None


class DevelopmentBrokerCare:
    """Evicts dead members of the group, and paces empty fetches, as long as the broker is the development broker.

    Args:
        settings: broker and group.
        prefix: that the client ids of workers begin with.
    """

    def __init__(self, settings: KafkaSettings, prefix: str) -> None:
        self._settings = settings
        self._prefix = prefix
        self._needed: bool | None = None
        self._member = ""
        self._member_ids: set[str] = set()

    def look(self, app: Any) -> None:
        """Note the member id that `app` has now; pace the fetches of its consumer where needed."""
        self._member = member_id(app)
        self._member_ids.add(self._member)
        consumer = kafka_consumer(app)
        if self._needed and consumer is not None:
            pace_empty_fetches(consumer._client)

    async def run(self) -> None:
        """Recognise the broker once it answers. Free the partitions that killed workers, or this one under an earlier member id, hold."""
        self._needed = None
        while self._needed is None:
            self._needed = await asyncio.to_thread(is_development_broker, self._settings)
            if self._needed is None:
                await asyncio.sleep(LOOK_SECONDS)
        while self._needed:
            await asyncio.to_thread(evict_dead_members, self._settings, self._prefix, self._member_ids - {self._member})
            await asyncio.sleep(LOOK_SECONDS)

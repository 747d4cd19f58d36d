"""A consumer that stalls: after some rebalances Faust holds partitions and fetches nothing more.

Seen on the development broker, in about one of five restarts of it: a commit is answered `IllegalGeneration`, the worker
rejoins, gets its partitions, and then fetches nothing, forever. Only the lag of the group shows it.
"""

from __future__ import annotations

from collections.abc import Collection

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

from squall.core.config.kafka import KafkaSettings
from squall.core.kafka.client import client_arguments, open_client, unavailable

STALL_SECONDS = 12.0
"""Time without a message after which the lag is looked at: longer than a rebalance, shorter than any alert about lag."""


def uncommitted(settings: KafkaSettings, partitions: Collection[int], *, allow_plaintext: bool = False) -> int:
    """Return how many messages of `partitions` the group has not committed; without partitions only check whether the broker answers.

    Raises:
        BrokerUnavailableError: it did not.
        ConfigurationError: it refused the connection.
    """
    try:
        consumer = open_client(
            KafkaConsumer,
            **client_arguments(settings, allow_plaintext=allow_plaintext),
            group_id=settings.group_id,
            enable_auto_commit=False,
        )
    except (KafkaError, OSError) as error:
        raise unavailable(settings, error) from error
    try:
        wanted = [TopicPartition(settings.documents_topic, number) for number in partitions]
        if not wanted:
            return 0
        ends, starts = consumer.end_offsets(wanted), consumer.beginning_offsets(wanted)
        return sum(max(0, ends[tp] - max(consumer.committed(tp) or 0, starts[tp])) for tp in wanted)
    except (KafkaError, OSError) as error:
        raise unavailable(settings, error) from error
    finally:
        consumer.close()

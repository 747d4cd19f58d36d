"""The Faust application: the settings that delivery rests on."""

from __future__ import annotations

import os
import socket
from typing import Any

import faust

from squall.core.config.settings import Settings
from squall.stream.drivers.faust.credentials import credentials

CLIENT_PREFIX = "squall"
SESSION_TIMEOUT = 10.0
"""Seconds without heartbeat until Kafka gives a worker's partitions to another."""
REBALANCE_TIMEOUT = 20.0
"""Seconds a rebalance may take: longer than one micro-batch on a slow CPU."""


def client_id() -> str:
    """Return an id that tells host and process, so that a dead member of the group can be recognised."""
    return f"{CLIENT_PREFIX}-{socket.gethostname()}-{os.getpid()}"


def build_app(settings: Settings) -> Any:
    """Return a Faust app with the settings the guarantees rest on."""
    kafka = settings.kafka
    servers = ";".join(f"kafka://{server.strip()}" for server in kafka.bootstrap_servers.split(","))
    return faust.App(
        kafka.group_id,
        broker=servers,
        broker_credentials=credentials(kafka, allow_plaintext=settings.allow_plaintext),
        store="memory://",
        datadir=str(settings.data_dir / "faust"),
        web_enabled=False,
        topic_partitions=kafka.partitions,
        topic_replication_factor=kafka.replication_factor,
        topic_disable_leader=True,
        broker_client_id=client_id(),
        consumer_auto_offset_reset="earliest",
        stream_wait_empty=False,
        stream_buffer_maxsize=4096,
        broker_commit_interval=1.0,
        broker_commit_every=1000,
        broker_session_timeout=SESSION_TIMEOUT,
        broker_rebalance_timeout=REBALANCE_TIMEOUT,
        broker_heartbeat_interval=2.0,
        # must exceed the rebalance timeout, or joining a group in rebalance times out
        broker_request_timeout=max(kafka.request_timeout_seconds, 2 * REBALANCE_TIMEOUT),
        # a batch may wait for a store that is down: that is back-pressure, not a dead worker
        broker_max_poll_interval=24 * 3600.0,
    )

"""Dead members of the consumer group on a loopback broker.

Kafka forgets a killed member after its session timeout. The development broker never does, and a group that waits for
a dead member gives its partitions to nobody. On one machine a dead process is certain to be dead, so its member may go.
So may a ghost: a live worker whose commit came in the middle of a rebalance joins anew under another member id, and the
broker waits for the old one.
"""

from __future__ import annotations

import logging
import re
import socket
from collections.abc import Collection
from typing import Any

import psutil
from kafka.admin import KafkaAdminClient, MemberToRemove
from kafka.errors import KafkaError

from squall.core.config.kafka import KafkaSettings
from squall.core.kafka.client import client_arguments
from squall.core.kafka.security import servers
from squall.core.net import addresses

log = logging.getLogger("squall.worker")

CHECK_SECONDS = 3.0


def is_loopback(settings: KafkaSettings) -> bool:
    """Whether every bootstrap server is on this machine's loopback."""
    return all(addresses.is_loopback(host) for host, _ in servers(settings))


def is_dead(client_id: str, prefix: str) -> bool:
    """Whether `client_id` names a process of this host (`prefix-host-pid`) that is gone."""
    match = re.fullmatch(rf"{re.escape(prefix)}-{re.escape(socket.gethostname())}-(\d+)", client_id)
    if match is None:
        return False
    try:
        return bool(psutil.Process(int(match[1])).status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


def evict_dead_members(settings: KafkaSettings, prefix: str, ghosts: Collection[str] = ()) -> int:
    """Remove members whose process on this host is gone, and those with an id in `ghosts`; returns how many.

    Trouble with the broker is logged and waits for the next try.
    """
    arguments = client_arguments(settings)
    try:
        admin = KafkaAdminClient(**arguments)
    except (KafkaError, OSError) as error:
        log.debug("could not look at the group: %r", error)
        return 0
    try:
        return _evict(admin, settings.group_id, prefix, ghosts)
    except (KafkaError, OSError, KeyError) as error:
        log.debug("could not look at the group: %r", error)
        return 0
    finally:
        admin.close()


def _evict(admin: Any, group: str, prefix: str, ghosts: Collection[str]) -> int:
    members = admin.describe_groups([group])[group]["members"]
    dead = [member["member_id"] for member in members if member["member_id"] in ghosts or is_dead(member["client_id"], prefix)]
    if dead:
        admin.remove_group_members(group, [MemberToRemove(member_id=member) for member in dead])
        log.info("removed %d dead members from group %s", len(dead), group)
    return len(dead)

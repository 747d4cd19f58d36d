"""Dead members of the consumer group on the development broker.

Kafka removes a killed member after its session timeout. The development broker never does, and a group that waits for
a dead member assigns its partitions to no one. On one machine a dead process is certain to be dead, so its member may
be removed. So may a stale member id: a live worker whose commit came in the middle of a rebalance rejoins under another
member id, and the broker keeps waiting for the old one.
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
from squall.core.kafka.client import client_arguments, open_client

log = logging.getLogger("squall.worker")


def is_dead(client_id: str, prefix: str) -> bool:
    """Whether `client_id` names a process of this host (`prefix-host-pid`) that is gone."""
    match = re.fullmatch(rf"{re.escape(prefix)}-{re.escape(socket.gethostname())}-(\d+)", client_id)
    if match is None:
        return False
    try:
        return bool(psutil.Process(int(match[1])).status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


def evict_dead_members(settings: KafkaSettings, prefix: str, stale: Collection[str] = ()) -> int:
    """Remove members whose process on this host is gone, and those with an id in `stale`; returns how many.

    A broker that does not answer is logged; the next call looks again.
    """
    arguments = client_arguments(settings)
    try:
        admin = open_client(KafkaAdminClient, **arguments)
    except (KafkaError, OSError) as error:
        log.debug("the group could not be described: %r", error)
        return 0
    try:
        return _evict(admin, settings.group_id, prefix, stale)
    except (KafkaError, OSError, KeyError) as error:
        log.debug("the group could not be described: %r", error)
        return 0
    finally:
        admin.close()


def _evict(admin: Any, group: str, prefix: str, stale: Collection[str]) -> int:
    members = admin.describe_groups([group])[group]["members"]
    dead = [member["member_id"] for member in members if member["member_id"] in stale or is_dead(member["client_id"], prefix)]
    if dead:
        admin.remove_group_members(group, [MemberToRemove(member_id=member) for member in dead])
        log.info("removed %d dead members from group %s", len(dead), group)
    return len(dead)

"""Which members of the group may be taken for dead."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

import pytest

from squall.core.config.kafka import KafkaSettings
from squall.stream.drivers.faust.app import client_id
from squall.stream.drivers.faust.quirks.dead_member_eviction import evict_dead_members, is_dead

HOST = socket.gethostname()


def gone() -> int:
    """Return the process id of a process that has ended."""
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    return child.pid


def test_a_process_of_this_host_that_has_ended_is_dead() -> None:
    assert is_dead(f"squall-{HOST}-{gone()}", "squall")


def test_a_process_that_ended_but_was_not_waited_for_is_dead() -> None:
    child = subprocess.Popen([sys.executable, "-c", ""], stdout=subprocess.PIPE)
    assert child.stdout is not None
    child.stdout.read()  # ends when the child does
    try:
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert is_dead(f"squall-{HOST}-{child.pid}", "squall")
    finally:
        child.wait()


def test_this_process_is_not_dead() -> None:
    assert not is_dead(client_id(), "squall")


@pytest.mark.parametrize(
    "name", ["squall-otherhost-{pid}", "other-{host}-{pid}", "squall-{host}-x", "squall-{host}-{pid}-7", "aiokafka-0", ""]
)
def test_no_other_member_is_taken_for_dead(name: str) -> None:
    assert not is_dead(name.format(host=HOST, pid=gone()), "squall")


def test_a_broker_that_does_not_answer_is_left_for_the_next_try() -> None:
    with socket.socket() as taken:  # bound, not listening: connections are refused
        taken.bind(("127.0.0.1", 0))
        settings = KafkaSettings(bootstrap_servers=f"127.0.0.1:{taken.getsockname()[1]}", request_timeout_seconds=0.5)
        assert evict_dead_members(settings, "squall") == 0

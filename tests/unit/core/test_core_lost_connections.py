"""A connection that a library lost and opens again is one line in the log, not a traceback."""

from __future__ import annotations

import io
import logging
import socket
import struct
from collections.abc import Iterator

import pytest
from kafka.net.transport import KafkaTCPTransport

from squall.core.config.settings import LogSettings
from squall.core.observability.logging import configure_logging


@pytest.fixture(params=["text", "json"])
def output(request: pytest.FixtureRequest) -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level, written = root.handlers[:], root.level, io.StringIO()
    configure_logging(LogSettings(format=request.param), written)
    yield written
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def reset() -> Iterator[socket.socket]:
    """A socket whose peer has reset the connection, as a firewall does to one that was idle."""
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as ours:
        theirs, _ = server.accept()
        theirs.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        theirs.close()
        yield ours


def log_failure(name: str, error: Exception) -> None:
    try:
        raise error
    except type(error):
        logging.getLogger(name).exception("failed %d times", 3)


def test_a_reset_connection_of_the_producer_prints_no_traceback(output: io.StringIO, reset: socket.socket) -> None:
    _, error = KafkaTCPTransport(None, reset, host="127.0.0.1")._sock_recv()
    assert error is not None
    assert "Error receiving network data" in output.getvalue()
    assert "ConnectionResetError" in output.getvalue()
    assert "Traceback" not in output.getvalue()


def test_a_fault_inside_a_library_keeps_its_traceback(output: io.StringIO) -> None:
    log_failure("kafka.net.selector", ValueError("bad state"))
    assert "Traceback" in output.getvalue()


def test_an_error_of_ours_keeps_its_traceback(output: io.StringIO) -> None:
    log_failure("squall.worker", ConnectionResetError(104, "reset"))
    assert "Traceback" in output.getvalue()

"""A broker for tests: the development broker as a child process, or the real one that `SQUALL_TEST_KAFKA` names."""

from __future__ import annotations

import os
import socket
import subprocess
import time
import uuid
from importlib.resources import files
from pathlib import Path

import pytest

REAL_BROKER = "SQUALL_TEST_KAFKA"
READY_SECONDS = 15.0
STOP_SECONDS = 10.0


def free_port() -> int:
    """Return a loopback port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def unique(name: str) -> str:
    """Return a topic or group name no other test has, so that a shared real broker can serve."""
    return f"{name}.{uuid.uuid4().hex[:12]}"


def _binary() -> Path:
    """The broker itself: the `noida-db` script is a wrapper that dies on a signal and leaves the broker running."""
    try:
        path = Path(str(files("noida_db"))) / "noida-db"
    except ModuleNotFoundError:
        pytest.skip("no broker: install squall[broker] or set SQUALL_TEST_KAFKA")
    path.chmod(0o755)
    return path


class DevelopmentBroker:
    """A Kafka-protocol broker on a free loopback port with its data in `folder`.

    With `SQUALL_TEST_KAFKA=host:port` that broker is used; it can't be stopped, so tests that stop one ask `owned` first.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.real = os.environ.get(REAL_BROKER, "")
        self.port = 0 if self.real else free_port()
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def owned(self) -> bool:
        """Is it ours to stop and kill?"""
        return not self.real

    @property
    def bootstrap(self) -> str:
        """`host:port` for clients."""
        return self.real or f"127.0.0.1:{self.port}"

    def start(self) -> DevelopmentBroker:
        """Start it and wait until it accepts connections; does nothing for a real broker."""
        if self.real:
            return self
        self.folder.mkdir(parents=True, exist_ok=True)
        command = [str(_binary()), "start", "--only", "kafka", "--kafka-port", str(self.port), "--data-dir", str(self.folder / "data")]
        with (self.folder / "broker.log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
        deadline = time.monotonic() + READY_SECONDS
        while not self._accepts():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the development broker did not start: {(self.folder / 'broker.log').read_text('utf-8', 'replace')}")
            time.sleep(0.02)
        return self

    def stop(self) -> None:
        """SIGTERM: nothing acknowledged is lost."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(STOP_SECONDS)
            self.process = None

    def kill(self) -> None:
        """SIGKILL: up to a second of acknowledged writes is lost."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def restart(self) -> DevelopmentBroker:
        """Stop and start with the same port and data."""
        self.stop()
        return self.start()

    def __enter__(self) -> DevelopmentBroker:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _accepts(self) -> bool:
        with socket.socket() as probe:
            probe.settimeout(1.0)
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

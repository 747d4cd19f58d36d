"""The development broker: a Kafka-protocol server for demos and tests on one machine, never for production."""

from __future__ import annotations

import importlib.util
import socket
import subprocess
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from squall.core.clock import Clock
from squall.core.config.files.permissions import private_folder
from squall.core.errors import BrokerUnavailableError, ConfigurationError

START_SECONDS = 15.0
STOP_SECONDS = 10.0


def free_ports(count: int) -> list[int]:
    """Return distinct free loopback ports: asked for one after the other, the same one may come twice."""
    with ExitStack() as held:
        probes = [held.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]


def free_port() -> int:
    """Return a free loopback port."""
    return free_ports(1)[0]


def _binary() -> Path:
    """Return the server's path: the command of the same name starts it as a child process, which signals would not reach."""
    package = importlib.util.find_spec("noida_db")
    if package is None or package.origin is None:
        raise ConfigurationError("the development broker is not installed", "run `make setup`, or pip install 'squall[broker]'")
    return Path(package.origin).with_name("noida-db")


class DevelopmentBroker:
    """A child process that speaks Kafka on 127.0.0.1.

    Args:
        folder: holds topics and offsets; the log is `broker.log` in it.
        port: listens here; 0: any free port.
        clock: measures the wait until it is ready.
    """

    def __init__(self, folder: Path, port: int, clock: Clock) -> None:
        self.folder = folder
        self.port = port or free_port()
        self._clock = clock
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def bootstrap_servers(self) -> str:
        """`host:port` for clients."""
        return f"127.0.0.1:{self.port}"

    @property
    def running(self) -> bool:
        """Whether the server process is alive."""
        return self.process is not None and self.process.poll() is None

    def start(self) -> Self:
        """Start and wait until it accepts connections.

        Raises:
            BrokerUnavailableError: it exited, the port is in use, or it was not ready in time.
        """
        if self._accepts():
            raise BrokerUnavailableError(f"port {self.port} on 127.0.0.1 is in use", "choose another with --port")
        private_folder(self.folder)
        command = [str(_binary()), "start", "--only", "kafka", "--kafka-port", str(self.port), "--data-dir", str(self.folder / "data")]
        with (self.folder / "broker.log").open("ab") as log:
            # its own session, so that Ctrl-C does not reach it: it is stopped after its clients
            self.process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
        deadline = self._clock.monotonic() + START_SECONDS
        while not self._accepts():
            if self.process.poll() is not None or self._clock.monotonic() > deadline:
                self.kill()
                raise BrokerUnavailableError("the development broker did not start", f"read {self.folder / 'broker.log'}")
            self._clock.sleep(0.05)
        return self

    def stop(self) -> None:
        """Stop it with SIGTERM: no acknowledged write is lost."""
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """Kill it: up to a second of acknowledged writes is lost."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def _accepts(self) -> bool:
        with socket.socket() as probe:
            probe.settimeout(1.0)
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

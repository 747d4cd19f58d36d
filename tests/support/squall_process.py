"""Runs the real command line as processes, and reads what they stored."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from squall import storage
from squall.storage import Store


class SquallProcess:
    """One `squall …` child; its output goes to a log file that failures print. `variables` are more of the environment."""

    def __init__(self, log: Path, *arguments: str, variables: Mapping[str, str] | None = None, **settings: str) -> None:
        self.log = log
        environment = {name: value for name, value in os.environ.items() if not name.startswith("SQUALL_")}
        environment |= {f"SQUALL_{name}": value for name, value in settings.items()} | dict(variables or {})
        with log.open("ab") as output:
            command = [sys.executable, "-m", "squall", *arguments]
            self.process = subprocess.Popen(command, stdout=output, stderr=output, env=environment, stdin=subprocess.DEVNULL)

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def kill(self) -> None:
        """kill -9."""
        self.process.kill()
        self.process.wait()

    def stop(self, seconds: float = 60.0) -> float:
        """SIGTERM and wait; returns how long it took."""
        started = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(seconds)
        return time.monotonic() - started

    def output(self) -> str:
        return self.log.read_text(errors="replace")


def wait_until(condition: Callable[[], bool], seconds: float, what: str, log: Path | None = None, every: float = 0.1) -> None:
    """Look at `condition` `every` so many seconds; fail with `what` and the end of `log` when it does not come true."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            tail = log.read_text(errors="replace")[-4000:] if log and log.exists() else ""
            raise AssertionError(f"{what} did not happen in {seconds:.0f} s\n{tail}")
        time.sleep(every)


@contextmanager
def opened(url: str) -> Iterator[Store]:
    """Open a store for reading and close it, so that another process or folder may be next."""
    store = storage.open(url)
    try:
        yield store
    finally:
        store.close()

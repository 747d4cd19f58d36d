"""One process of the cluster under test, which is killed, paused and started again."""

from __future__ import annotations

import signal
import threading
from pathlib import Path

from tests.support.squall_process import SquallProcess

SAMPLE_SECONDS = 0.5


class Member:
    """A `squall …` process and its successors, with one log."""

    def __init__(self, name: str, folder: Path, arguments: tuple[str, ...], settings: dict[str, str]) -> None:
        self.name = name
        self.log = folder / f"{name}.log"
        self.kills = 0
        self._arguments = arguments
        self._settings = settings
        self.start()

    def start(self) -> None:
        self.process = SquallProcess(self.log, *self._arguments, **self._settings)

    @property
    def pid(self) -> int:
        return self.process.process.pid

    @property
    def alive(self) -> bool:
        return self.process.alive

    def kill(self) -> None:
        """kill -9."""
        self.process.kill()
        self.kills += 1

    def restart(self) -> None:
        """kill -9, and start again."""
        self.kill()
        self.start()

    def signal(self, which: signal.Signals) -> None:
        self.process.process.send_signal(which)


class MemoryWatch:
    """The highest resident memory of processes, sampled from the kernel's own high-water mark.

    A process is asked again and again, because its mark is gone once it is killed.
    """

    def __init__(self) -> None:
        self.peaks: dict[str, int] = {}
        """Megabytes by name."""
        self._pids: dict[str, int] = {}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="memory", daemon=True)
        self._thread.start()

    def watch(self, name: str, pid: int) -> None:
        self._pids[name] = pid

    def close(self) -> None:
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._ended.wait(SAMPLE_SECONDS):
            for name, pid in list(self._pids.items()):
                self.peaks[name] = max(self.peaks.get(name, 0), peak_megabytes(pid))


def peak_megabytes(pid: int) -> int:
    """Return the high-water mark of a process' resident memory; 0 when it has ended."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    marks = [line for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(marks[0].split()[1]) // 1024 if marks else 0

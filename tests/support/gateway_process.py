"""The native gateway as a child process that can be killed and started again on the same folder and port."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


class GatewayProcess:
    """`python -m tests.support.native_gateway`; started at once, ready when the constructor returns."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = 0
        self.start()

    @property
    def url(self) -> str:
        return f"clickhouse://squall:secret@127.0.0.1:{self.port}/default"

    def start(self) -> None:
        """Start it on its folder; the first time on a free port, later on the same one."""
        command = [sys.executable, "-m", "tests.support.native_gateway", str(self.folder), str(self.port)]
        self.process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, env=os.environ | {"PYTHONPATH": str(ROOT)}, text=True)
        assert self.process.stdout is not None
        line = self.process.stdout.readline().split()
        assert line[:1] == ["listening"], f"the gateway ended with {self.process.wait()}"
        self.port = int(line[1])

    def kill(self) -> None:
        """kill -9."""
        self.process.kill()
        self.process.wait()
        if self.process.stdout:
            self.process.stdout.close()

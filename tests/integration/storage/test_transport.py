"""clickhouse-driver against a real server process: Debian's ClickHouse 18.16. Its SQL is too old for ours; its transport is not."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from squall.core.errors import StoreError, StoreUnavailableError
from squall.storage.backends.base import Block, Cell
from squall.storage.backends.server import ServerBackend

BINARY = shutil.which("clickhouse-server")
COLUMNS = (("n", Cell.UINT64), ("text", Cell.TEXT))
CREATE = "CREATE TABLE IF NOT EXISTS numbers_kept (n UInt64, text String) ENGINE = MergeTree ORDER BY n"
COUNT = "SELECT count(), uniqExact(n) FROM numbers_kept"
CONFIG = """<yandex>
  <logger><level>warning</level><console>1</console></logger>
  <tcp_port>{port}</tcp_port><listen_host>127.0.0.1</listen_host>
  <path>{folder}/data/</path><tmp_path>{folder}/tmp/</tmp_path><user_files_path>{folder}/files/</user_files_path>
  <mark_cache_size>16777216</mark_cache_size><users_config>{folder}/users.xml</users_config>
  <default_profile>default</default_profile><default_database>default</default_database>
</yandex>"""
USERS = """<yandex><profiles><default></default></profiles><quotas><default></default></quotas>
<users><default><password>right</password><networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota></default></users>
</yandex>"""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(BINARY is None, reason="clickhouse-server is not installed (apt-get install clickhouse-server)"),
]


class Server:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        (folder / "config.xml").write_text(CONFIG.format(port=self.port, folder=folder))
        (folder / "users.xml").write_text(USERS)
        self.start()

    def url(self, password: str = "right") -> str:
        return f"clickhouse://default:{password}@127.0.0.1:{self.port}/default"

    def start(self) -> None:
        command = [str(BINARY), f"--config-file={self.folder / 'config.xml'}"]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, cwd=self.folder, env=os.environ | {"TZ": "UTC"})
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                assert self.process.poll() is None, (self.folder / "log").read_text()[-2000:]
                time.sleep(0.05)
        raise AssertionError("clickhouse-server did not start")

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path)
    yield server
    server.kill()


@pytest.fixture
def backend(server: Server) -> Iterator[ServerBackend]:
    backend = ServerBackend(server.url(), timeout_seconds=5)
    backend.command(CREATE, {})
    yield backend
    backend.close()


def insert(backend: ServerBackend, numbers: range) -> None:
    backend.insert(Block("numbers_kept", COLUMNS, [list(numbers), [f"text {number} \t\\" for number in numbers]]), "")


def counted(backend: ServerBackend) -> tuple[int, ...]:
    return next(iter(backend.select(COUNT, {})))


def test_a_killed_server_is_unavailable_until_it_is_back_and_keeps_what_it_acknowledged(server: Server, backend: ServerBackend) -> None:
    insert(backend, range(1000))
    for round_number in range(2):
        server.kill()
        for _ in range(3):
            with pytest.raises(StoreUnavailableError):
                insert(backend, range(1000, 2000))
        server.start()
        insert(backend, range(1000 + round_number * 1000, 2000 + round_number * 1000))
    assert counted(backend)[1] == 3000


def test_an_answer_that_takes_too_long_is_unavailable_and_the_next_one_is_right(server: Server) -> None:
    backend = ServerBackend(server.url(), timeout_seconds=1)
    started = time.monotonic()
    with pytest.raises(StoreUnavailableError, match="no answer within 1 s"):
        backend.select("SELECT sleep(3)", {})
    assert time.monotonic() - started < 3
    assert list(backend.select("SELECT 7", {})) == [(7,)]
    backend.close()


def test_a_wrong_password_is_not_tried_again_and_not_shown(server: Server) -> None:
    with pytest.raises(StoreError, match="password") as caught:
        ServerBackend(server.url("hunter2"), timeout_seconds=5).select("SELECT 1", {})
    assert not isinstance(caught.value, StoreUnavailableError)
    assert "hunter2" not in str(caught.value)


def test_an_error_in_the_sql_is_not_tried_again(backend: ServerBackend) -> None:
    with pytest.raises(StoreError) as caught:
        backend.select("SELECT nonsense(", {})
    assert not isinstance(caught.value, StoreUnavailableError)
    assert counted(backend) == (0, 0)


def test_a_server_too_old_for_bound_parameters_is_refused(backend: ServerBackend) -> None:
    with pytest.raises(StoreError, match=r"18\.16.* too old"):
        backend.select("SELECT {n:UInt64}", {"n": 1})

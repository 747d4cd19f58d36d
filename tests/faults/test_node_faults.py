"""Faults of `squall up` with its embedded store: disk, clock, damaged files. `docs/reliability.md` has the table."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from squall.ingest.synthetic.stream import StreamScript
from squall.model.checkpoint import SHIPPED
from tests.support.faults.node import ENDED, NodeRun, check_account, faked_clock, rolled_up, short_stream
from tests.support.squall_process import SquallProcess, opened

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

Stream = tuple[Path, StreamScript]
MEGABYTE = 1_000_000
HOUR = 3600


@pytest.fixture(scope="module")
def stream(tmp_path_factory: pytest.TempPathFactory) -> Stream:
    path = tmp_path_factory.mktemp("stream") / "stream.jsonl.gz"
    return path, short_stream(path, seed=12)


@pytest.fixture
def make_run(tmp_path: Path, stream: Stream) -> Iterator[Callable[..., NodeRun]]:
    runs: list[NodeRun] = []

    def make(data: Path = tmp_path / "data", variables: dict[str, str] | None = None, **settings: str) -> NodeRun:
        runs.append(NodeRun(tmp_path, data, stream[0], variables, **settings))
        return runs[-1]

    yield make
    for run in runs:
        run.close()


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of a few megabytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=30m", "tmpfs", folder], capture_output=True, text=True, check=False)
    if mounted.returncode != 0:
        pytest.skip(f"this user may not mount a tmpfs: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=False)


def test_a_full_disk_is_waited_for_and_nothing_is_lost(make_run: Callable[..., NodeRun], tiny_disk: Path, stream: Stream) -> None:
    run = make_run(tiny_disk / "data")
    run.start()
    run.moved()
    ballast = tiny_disk / "ballast"
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(b"x" * 4096)
    run.printed("attempt 5 failed, retrying")
    assert "NOT_ENOUGH_SPACE" in run.output() or "No space left on device" in run.output()
    assert run.alive, run.output()[-3000:]
    ballast.unlink()
    run.finish()
    check_account(run, stream[1])


def test_a_folder_that_can_not_be_written_is_named_at_the_start(make_run: Callable[..., NodeRun], tiny_disk: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", tiny_disk], check=True)
    run = make_run(tiny_disk / "data")
    node = run.start()
    assert node.process.wait(180) == 1
    assert f"store folder {tiny_disk}" in run.output()
    assert "Read-only file system" in run.output()
    assert "Traceback" not in run.output()


def test_a_second_node_on_a_folder_is_refused_and_the_first_goes_on(make_run: Callable[..., NodeRun], tmp_path: Path) -> None:
    run = make_run()
    run.start()
    run.moved()
    second = SquallProcess(tmp_path / "second.log", "up", **run.settings)
    assert second.process.wait(180) in {1, 2}
    assert "Traceback" not in second.output()
    assert "is in use by process" in second.output()
    run.moved()


def test_a_truncated_cursor_and_a_lost_migration_table_cost_time_and_no_document(make_run: Callable[..., NodeRun], stream: Stream) -> None:
    run = make_run()
    node = run.start()
    run.moved()
    node.kill()
    (cursor,) = run.cursors()
    cursor.write_bytes(cursor.read_bytes()[:14])
    with opened(run.url) as store:
        store._backend.command("TRUNCATE TABLE schema_migrations", {})
    run.start()
    run.printed("the cursor file is damaged")
    run.finish()
    check_account(run, stream[1])


def test_a_truncated_checkpoint_is_named_and_nothing_is_read(make_run: Callable[..., NodeRun], tmp_path: Path) -> None:
    checkpoint = tmp_path / "checkpoint"
    shutil.copytree(SHIPPED, checkpoint)
    weights = max(checkpoint.iterdir(), key=lambda path: path.stat().st_size)
    weights.write_bytes(weights.read_bytes()[: weights.stat().st_size // 2])
    run = make_run(MODEL__PATH=str(checkpoint))
    assert run.start().process.wait(180) == 2
    assert "Traceback" not in run.output()
    assert str(checkpoint) in run.output()
    assert not run.cursors()


def test_a_clock_that_jumps_an_hour_either_way_loses_and_doubles_nothing(
    make_run: Callable[..., NodeRun], stream: Stream, tmp_path: Path
) -> None:
    """Forward and back while it works, then a restart with the clock behind everything that was written before."""
    offset = tmp_path / "offset"
    offset.write_text("+0")
    run = make_run(variables=faked_clock(offset))
    node = run.start()
    run.moved()
    offset.write_text(f"+{HOUR}")
    run.moved()
    offset.write_text("+0")
    run.moved()
    node.kill()
    offset.write_text(f"-{HOUR}")
    node = run.start()
    run.printed(ENDED, 120)
    node.stop()
    check_account(run, stream[1])
    offset.write_text("+0")
    run.start()
    run.finish()
    with opened(run.url) as store:
        store.rollups.update()  # the node may have been stopped before its detector came to it
        shown, there = rolled_up(store)
        assert shown == there

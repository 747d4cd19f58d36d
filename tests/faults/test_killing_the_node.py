"""kill -9 of `squall up` and SIGTERM: what a user's data looks like afterwards."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from squall.ingest.synthetic.stream import StreamScript
from tests.support.faults.node import BATCH_DOCUMENTS, short_stream
from tests.support.squall_process import SquallProcess, opened, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

KILLS = 2


@pytest.fixture(scope="module")
def stream(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, StreamScript]:
    path = tmp_path_factory.mktemp("stream") / "stream.jsonl.gz"
    return path, short_stream(path, seed=11)


def _settings(folder: Path, stream: Path) -> dict[str, str]:
    return {
        "DATA_DIR": str(folder),
        "INGEST__FILES": orjson.dumps([{"path": str(stream)}]).decode(),
        "WEB__PORT": "0",
        "DETECTOR__INTERVAL_SECONDS": "2",
        "ALERTS__NOTIFY_HISTORY": "true",
        "PROCESSOR__BATCH_DOCUMENTS": BATCH_DOCUMENTS,
    }


def _cursor(folder: Path) -> int:
    """How many cursor moves can be seen from outside."""
    return sum(path.stat().st_mtime_ns for path in (folder / "cursors").glob("*.json")) if (folder / "cursors").exists() else 0


def test_killing_the_node_at_any_moment_loses_no_document_and_doubles_none(tmp_path: Path, stream: tuple[Path, StreamScript]) -> None:
    path, script = stream
    settings = _settings(tmp_path, path)
    log = tmp_path / "up.log"
    for _ in range(KILLS):
        before = _cursor(tmp_path)
        node = SquallProcess(log, "up", **settings)
        wait_until(lambda before=before: _cursor(tmp_path) > before, 180, "a stored batch", log)
        node.kill()
    node = SquallProcess(log, "up", **settings)
    wait_until(lambda: "all sources have ended" in node.output().rsplit("live page at", 1)[-1], 300, "the end of the file", log)
    seconds = node.stop()

    assert node.process.returncode == 0
    assert seconds < 10
    with opened(f"chdb://{tmp_path / 'chdb'}") as store:
        totals = store.counts.totals()
        assert totals.documents == script.documents
        assert sum(row.total for row in store.counts.by_topic(script.start, script.end, copies=True)) == totals.documents - totals.unscored
        assert sum(count for _, count in store.dead_letters.by_reason()) == script.malformed
    mails = [mail.name for mail in (tmp_path / "outbox").glob("*.eml")]
    assert len(mails) == len(set(mails))

"""SIGHUP while `squall up` runs: another table of entities is used from then on, a broken one changes nothing."""

from __future__ import annotations

import signal
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from squall.app.dev_broker import free_port
from squall.storage import Store
from tests.support.squall_process import SquallProcess, opened, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

SECOND = "id,name\n,Zorgblat AG\n,Quuxbank\n"


def test_a_broken_table_is_logged_and_the_old_one_stays_until_a_good_one_comes(tmp_path: Path) -> None:
    table = tmp_path / "mine.csv"
    table.write_text("id,name\n,Zorgblat AG\n")
    port, url = free_port(), f"chdb://{tmp_path / 'chdb'}"
    node = SquallProcess(
        tmp_path / "log",
        "up",
        DATA_DIR=str(tmp_path),
        STORE__URL=url,
        ENTITIES__PATH=str(table),
        PUSH__ENABLED="true",
        PUSH__PORT=str(port),
        WEB__PORT="0",
        MODEL__THREADS="1",
    )

    def push(title: str) -> None:
        now = datetime.now(UTC).isoformat()
        sent = httpx.post(f"http://127.0.0.1:{port}/documents", json={"source": "desk", "title": title, "published_at": now}, timeout=30)
        assert sent.status_code == 202, sent.text

    def hang_up(says: str) -> None:
        node.process.send_signal(signal.SIGHUP)
        wait_until(lambda: says in node.output(), 60, f"the line {says!r}", node.log)

    try:
        wait_until(lambda: "listening for documents" in node.output(), 400, "the push endpoint", node.log)
        push("Zorgblat shares plunge as Quuxbank rises in the first week")
        table.write_text("id,name\ncompany:a/b,Quuxbank\n,\n,Zorgblat AG,too many\n")
        hang_up("new entities not loaded; still linking to")
        assert "line 2" in node.output()
        assert "line 4" in node.output()
        assert node.alive
        push("Zorgblat shares rise as Quuxbank falls in the second week")
        table.write_text(SECOND)
        hang_up("squall entities backfill")
        push("Zorgblat shares are flat as Quuxbank shares fall in the third week")
        node.stop(60)
    finally:
        node.kill()
    assert node.process.returncode == 0, node.output()[-3000:]
    assert "Traceback" not in node.output()
    with opened(url) as store:
        names = _companies(store)
    zorgblat, quuxbank = "company:zorgblat-ag", "company:quuxbank"
    assert names == {"first": {zorgblat}, "second": {zorgblat}, "third": {zorgblat, quuxbank}}


def _companies(store: Store) -> dict[str, set[str]]:
    """Week of the title → the companies that the document names."""
    documents = store.documents.search()
    mentions = store.mentions.of(documents)
    return {
        stored.title.split()[-2]: {mention.entity for mention in mentions[stored.id] if mention.entity.startswith("company:")}
        for stored in documents
    }

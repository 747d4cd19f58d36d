"""SIGHUP while `squall up` runs: another table of entities is used from then on, a broken one changes nothing."""

from __future__ import annotations

import signal
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from squall.app.dev_broker import free_port
from tests.support.squall_process import SquallProcess, opened, wait_until

pytestmark = pytest.mark.slow

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
        wait_until(lambda: "listening for documents" in node.output(), 180, "the push endpoint", node.log)
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
        found = {stored.title: mentions for stored, mentions in _mentions(store)}
    assert len(found) == 3
    named = [{mention for mention in found[title] if not mention.startswith("found:")} for title in sorted(found, key=lambda t: t[-12:])]
    assert sorted(map(len, named)) == [1, 1, 2]
    assert all("company:zorgblat-ag" in names for names in named)


def _mentions(store):  # type: ignore[no-untyped-def]
    documents = store.documents.search()
    of = store.mentions.of(documents)
    return [(document, {mention.entity for mention in of[document.id]}) for document in documents]

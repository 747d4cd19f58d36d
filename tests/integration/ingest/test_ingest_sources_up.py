"""`squall up` with a list of sources: what lies in a folder is stored, with the silence of each source in the metrics."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from tests.support.broker import DevelopmentBroker, free_ports, unique


def environment(folder: Path, **settings: str) -> dict[str, str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("SQUALL_")}
    return clean | {"SQUALL_DATA_DIR": str(folder / "data")} | settings


@pytest.mark.slow
def test_up_stores_what_a_folder_has_and_goes_on_without_a_source_that_is_refused(tmp_path: Path) -> None:
    inbox, (page, metrics) = tmp_path / "in", free_ports(2)
    inbox.mkdir()
    (inbox / "a.jsonl").write_text('{"id": "1", "title": "Harbor Union halts withdrawals", "published_at": "2026-03-02T14:00:00Z"}\n')
    sources = tmp_path / "sources.toml"
    sources.write_text(
        f'[[source]]\ntype = "folder"\nname = "drop"\npath = "{inbox}"\nsettle_seconds = 0\ninterval_seconds = 0.1\ndone = "done"\n'
        '[[source]]\ntype = "imap"\nname = "mail"\nhost = "127.0.0.1"\nport = 1\nusername = "desk"\npassword = "hunter2hunter2"\n'
    )
    settings = {
        "SQUALL_INGEST__SOURCES": str(sources),
        "SQUALL_WEB__PORT": str(page),
        "SQUALL_METRICS__PORT": str(metrics),
        "SQUALL_DETECTOR__STORIES": "false",
    }
    log = (tmp_path / "log").open("wb")
    process = subprocess.Popen([sys.executable, "-m", "squall", "up"], env=environment(tmp_path, **settings), stderr=log, stdout=log)
    try:
        deadline = time.monotonic() + 200
        while not (inbox / "done" / "a.jsonl").exists() and time.monotonic() < deadline and process.poll() is None:
            time.sleep(0.1)
        assert (inbox / "done" / "a.jsonl").exists(), (tmp_path / "log").read_text()
        documents = httpx.get(f"http://127.0.0.1:{page}/api/documents", timeout=30).json()
        exported = httpx.get(f"http://127.0.0.1:{metrics}/metrics", timeout=30).text
    finally:
        process.terminate()
        process.wait(60)
        log.close()
    said = (tmp_path / "log").read_text()
    assert "Harbor Union halts withdrawals" in json.dumps(documents), said
    assert 'squall_source_document_age_seconds{source="drop"}' in exported
    assert 'squall_source_contact_age_seconds{source="mail"}' in exported
    assert "mail failed, opened again in" in said
    assert "hunter2" not in said


@pytest.mark.slow
def test_standard_input_is_published_with_exact_counts(tmp_path: Path) -> None:
    rows = "".join(f'{{"id": {n}, "title": "t{n}", "date": "2011-08-01T00:00Z"}}\n' for n in range(1_234))
    with DevelopmentBroker(tmp_path / "broker") as broker:
        settings = {"SQUALL_KAFKA__BOOTSTRAP_SERVERS": broker.bootstrap, "SQUALL_KAFKA__DOCUMENTS_TOPIC": unique("documents")}
        done = subprocess.run(
            [sys.executable, "-m", "squall", "ingest", "file", "-", "--json"],
            input=f"{rows}{{broken\n".encode(),
            env=environment(tmp_path, **settings),
            capture_output=True,
            timeout=120,
            check=False,
        )
    assert done.returncode == 0, done.stderr.decode()
    report = json.loads(done.stdout)
    assert (report["sent"], report["rejected"], report["reasons"], report["sources"][0]["source"]) == (
        *(1_234, 1, {"broken_json": 1}, "stdin"),
    )

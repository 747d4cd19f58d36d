"""Stores to draw: what `squall demo` leaves behind, and a filled one for what a demo of a minute has too little of."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from squall import storage
from squall.ingest.synthetic.stream import script_path
from squall.storage import Store
from tests.support.dashboard_store import open_filled

FROM_DEMO = ("squall-mood", "squall-drilldown", "squall-backtest")
"""Dashboards of event time. A demo has mails of now about alerts of its scripted past, no silences and a minute of pipeline."""


@contextmanager
def demo_store(folder: Path) -> Iterator[Store]:
    """The store of a demo that ran in `folder`; it is run first when there is none, which takes minutes."""
    data = folder / "demo" / "chdb"
    if not data.is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        squall = (sys.executable, "-m", "squall", "--data-dir", str(folder))
        subprocess.run([*squall, "demo"], check=True)
        _backtest(squall, folder / "demo")
    store = storage.open(f"chdb://{data}")
    try:
        store.migrate()
        yield store
    finally:
        store.close()


def _backtest(squall: Sequence[str], demo: Path) -> None:
    """Hold the detector against the stream's own script, and keep the result beside what the demo stored."""
    stream = demo / "stream.jsonl.gz"
    script = json.loads(script_path(stream).read_bytes())
    events = demo / "events.csv"
    with events.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(("start", "end", "name", "topics"))
        crisis = script["crisis"]
        table.writerow((crisis["start"], crisis["end"], "scripted crisis", ""))
    environment = os.environ | {"SQUALL_STORE__URL": f"chdb://{demo / 'chdb'}"}
    subprocess.run([*squall, "backtest", str(stream), "--events", str(events), "--keep", "demo stream"], check=True, env=environment)


@contextmanager
def filled_store() -> Iterator[Store]:
    """A store in a temporary folder with something in every table, up to now."""
    with tempfile.TemporaryDirectory() as folder:
        store = open_filled(Path(folder) / "db", datetime.now(UTC))
        try:
            yield store
        finally:
            store.close()

"""Stores to draw from: the store of `squall demo`, and a store with sample data for what a short demo has too little of."""

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
"""Dashboards of event time. A demo has no silences, one minute of pipeline reports, and notifications dated later than its alerts."""


@contextmanager
def demo_store(folder: Path) -> Iterator[Store]:
    """Open the store of a demo in `folder`; without one, the demo runs first, which takes minutes."""
    data = folder / "demo" / "chdb"
    if not data.is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        squall = (sys.executable, "-m", "squall", "--data-dir", str(folder))
        subprocess.run([*squall, "demo"], check=True)
        _backtest(squall, folder / "demo")
    store = storage.open(f"chdb://{data}")
    try:
        store.schema.migrate()
        yield store
    finally:
        store.close()


def _backtest(squall: Sequence[str], demo: Path) -> None:
    """Compare the detector with the script of the stream, and save the result in the store of the demo."""
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
    """Open a store in a temporary folder with data in every table, up to now."""
    with tempfile.TemporaryDirectory() as folder:
        store = open_filled(Path(folder) / "db", datetime.now(UTC))
        try:
            yield store
        finally:
            store.close()

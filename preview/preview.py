"""Draws the Grafana dashboards with Grafana's own components in headless Chromium, and saves a screenshot of each.

    make dashboards-preview
    .venv/bin/python preview/preview.py --store chdb:///path/to/folder --out /tmp/pictures

Without --store: market mood, drill-down and backtest use the data of `squall demo`, the others use sample data.
"""

from __future__ import annotations

import argparse
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
sys.path.insert(0, str(ROOT))

import typer  # noqa: E402
from dashboard_data import DashboardData  # noqa: E402
from sample_stores import FROM_DEMO, demo_store, filled_store  # noqa: E402
from screenshots import draw  # noqa: E402

from squall import storage  # noqa: E402
from squall.dashboards.grafana.build import build_all  # noqa: E402
from squall.storage import Store  # noqa: E402

PIPELINE = "squall-pipeline"
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)


def answers(store: Store, boards: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Run the queries of the dashboards over their default ranges, which end with the newest document (pipeline health: now)."""
    first, newest = store.documents.first_published_at() or EARLIEST, store.documents.last_published_at() or datetime.now(UTC)
    return [DashboardData(store, board, datetime.now(UTC) if board["uid"] == PIPELINE else newest, first).answers() for board in boards]


def sample_answers(boards: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Run the queries over the sample stores, one after the other: only one embedded store can be open."""
    of_demo, others = ([board for board in boards if (board["uid"] in FROM_DEMO) is demo] for demo in (True, False))
    found = []
    if of_demo:
        with demo_store(HERE / "build" / "demo") as store:
            found = answers(store, of_demo)
    if others:
        with filled_store() as store:
            found += answers(store, others)
    return found


def main() -> int:
    """Draw the dashboards; exit with 1 if a page had an error."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", default="", help="chdb:///folder or clickhouse://…; default: sample data")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "images", help="folder for the screenshots")
    parser.add_argument("--only", default="", metavar="UID", help="draw only this dashboard")
    parser.add_argument("--chromium", default="/usr/bin/chromium", help="the browser's executable")
    arguments = parser.parse_args()
    boards = [board for board in map(json.loads, build_all().values()) if arguments.only in {"", board["uid"]}]
    if arguments.store:
        store = storage.open(arguments.store)
        try:
            found = answers(store, boards)
        finally:
            store.close()
    else:
        found = sample_answers(boards)
    errors = draw(found, arguments.out, arguments.chromium)
    for error in errors:
        typer.echo(f"error on a page: {error}", err=True)
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())

"""Draws the Grafana dashboards with Grafana's own components in headless Chromium, and saves a picture of each.

    make dashboards-preview
    .venv/bin/python preview/preview.py --store chdb:///path/to/folder --out /tmp/pictures

Without --store: market mood and drill-down over what `squall demo` stored, the others over made-up rows.
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
from board_queries import Opened  # noqa: E402
from browser_pictures import draw  # noqa: E402
from sample import FROM_DEMO, demo_store, filled_store  # noqa: E402

from squall import storage  # noqa: E402
from squall.dashboards.grafana.build import build_all  # noqa: E402
from squall.storage import Store  # noqa: E402

PIPELINE = "squall-pipeline"
EVER = datetime(1990, 1, 1, tzinfo=UTC)


def answers(store: Store, boards: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Run the dashboards' queries, each over the range it opens with, as far as there are documents; of the pipeline, up to now."""
    first, newest = store.documents.first_published_at() or EVER, store.documents.last_published_at() or datetime.now(UTC)
    return [Opened(store, board, datetime.now(UTC) if board["uid"] == PIPELINE else newest, first).answers() for board in boards]


def sample_answers(boards: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Run them over the samples; one store is open at a time, as an embedded engine wants it."""
    with demo_store(HERE / "build" / "demo") as store:
        found = answers(store, [board for board in boards if board["uid"] in FROM_DEMO])
    with filled_store() as store:
        return found + answers(store, [board for board in boards if board["uid"] not in FROM_DEMO])


def main() -> int:
    """Draw them; exit 1 when a page had an error."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", default="", help="chdb:///folder or clickhouse://…; default: samples")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "images", help="folder for the pictures")
    parser.add_argument("--only", default="", metavar="UID", help="one dashboard")
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
    troubles = draw(found, arguments.out, arguments.chromium)
    for trouble in troubles:
        typer.echo(f"error on a page: {trouble}", err=True)
    return 1 if troubles else 0


if __name__ == "__main__":
    sys.exit(main())

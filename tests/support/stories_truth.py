"""Pairs of headlines labelled by hand: is it one story? The texts are not ours, and are taken from the data sets beside the checkout."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Final, NamedTuple

from squall.entities.evaluation.data_set_texts import digest

LABELLED: Final = Path(__file__).resolve().parents[1] / "data" / "stories" / "pairs.jsonl"
WARM_UP: Final = timedelta(days=3)
"""Before the first labelled headline of a month the wire is read for so long, as a running index would have been."""


class Pair(NamedTuple):
    """Two headlines, by their file and rows, and whether they are of one story.

    Args:
        file: below the folder of data sets.
        rows: of the file, from 0; the earlier first.
        same: one story.
        judging: it judges; else it is for tuning.
    """

    file: str
    rows: tuple[int, int]
    same: bool
    judging: bool


class Row(NamedTuple):
    """A headline of the wire."""

    row: int
    published_at: datetime
    title: str


def labelled_pairs() -> list[Pair]:
    """All pairs."""
    lines = map(json.loads, LABELLED.read_text(encoding="utf-8").splitlines())
    return [Pair(line["file"], tuple(line["rows"]), line["same"], line["half"] == "judging") for line in lines]


@lru_cache(maxsize=1)
def _digests() -> dict[tuple[str, int], str]:
    lines = map(json.loads, LABELLED.read_text(encoding="utf-8").splitlines())
    return {(line["file"], row): sha for line in lines for row, sha in zip(line["rows"], line["sha256"], strict=True)}


def wire(file: str, data: Path) -> list[Row]:
    """Return the headlines of `file` from `WARM_UP` before the first labelled one until the last, in the order of time.

    Raises:
        ValueError: a labelled row is not the text that was labelled: the data set is of another release.
    """
    digests = {row: sha for (name, row), sha in _digests().items() if name == file}
    with gzip.open(data / file, "rt", encoding="utf-8") as lines:
        found = [Row(row, _time(read["ts_utc"]), read["title"]) for row, read in enumerate(map(json.loads, lines))]
    for row, sha in digests.items():
        if row >= len(found) or digest(found[row].title.strip()) != sha:
            raise ValueError(f"row {row} of {file} in {data} is not the text that was labelled")
    times = [found[row].published_at for row in digests]
    kept = [read for read in found if min(times) - WARM_UP <= read.published_at <= max(times)]
    return sorted(kept, key=lambda read: (read.published_at, read.row))


def _time(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%dT%H:%MZ").replace(tzinfo=UTC)

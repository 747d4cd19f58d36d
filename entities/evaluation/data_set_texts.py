"""Texts of public data sets by their row: files of labels name the rows, and hold no text that is not ours."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Collection
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from squall.core.config.files.regular import open_regular_file, open_regular_text, read_regular_file
from squall.core.errors import ConfigurationError

_CSV = {
    "tfn_sentiment": ("tfn_sentiment/train.csv", "text"),
    "sentfin": ("sentfin/SEntFiN.csv", "Title"),
    "abc_headlines": ("abc_headlines/abcnews-date-text.csv.gz", "headline_text"),
    "uci_stories": ("uci_stories/stories.csv.gz", "title"),
}
_PARQUET = {"tfn_topic": ("tfn_topic/train.parquet", "text")}
_JSON = {"finentity": ("finentity/FinEntity.json", "content")}
_JSON_LINES = {"stocknet": ("stocknet/tweet_raw_text_2014_2016.jsonl.gz", "text")}
SOURCES = {source: file for files in (_CSV, _PARQUET, _JSON, _JSON_LINES) for source, (file, _) in files.items()}
"""Source → its file, below the folder of data sets."""


def data_set_texts(source: str, rows: Collection[int], data: Path) -> dict[int, str]:
    """Return the texts of some rows, without blanks around them; rows that the data set lacks are left out.

    Args:
        source: of `SOURCES`.
        rows: from 0, without the header; of `stocknet` the line.
        data: folder of data sets.

    Raises:
        ConfigurationError: there is no such source, or its file is missing or can't be read.
    """
    if source not in SOURCES:
        raise ConfigurationError(f"{source!r} is none of the data sets that texts are taken from", f"they are {', '.join(SOURCES)}")
    path = data / SOURCES[source]
    try:
        open_regular_file(path).close()  # of whatever kind: a data set's place may be a pipe
        found = _texts(source, path, rows)
    except ConfigurationError as error:
        raise ConfigurationError(error.what, f"--data is the folder that holds {SOURCES[source]}") from None
    except (OSError, EOFError, ValueError, KeyError, IndexError, TypeError, pa.ArrowException, csv.Error) as error:
        raise ConfigurationError(f"{path} can't be read: {error}", f"--data is the folder that holds {SOURCES[source]}") from error
    return {row: text.strip() for row, text in found.items()}


def digest(text: str) -> str:
    """Return what tells whether a data set still has the text that was labelled: the beginning of its SHA-256."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _texts(source: str, path: Path, rows: Collection[int]) -> dict[int, str]:
    if source in _PARQUET:
        column = pq.read_table(path, columns=[_PARQUET[source][1]]).column(0)
        return {row: str(column[row].as_py()) for row in rows if row < len(column)}
    if source in _JSON:
        objects = json.loads(read_regular_file(path))
        return {row: objects[row][_JSON[source][1]] for row in rows if row < len(objects)}
    with open_regular_text(path, newline="") as file:
        if source in _CSV:
            named = islice(csv.DictReader(file), max(rows, default=-1) + 1)
            return {row: cells[_CSV[source][1]] for row, cells in enumerate(named) if row in rows}
        lines = islice(file, max(rows, default=-1) + 1)
        return {row: json.loads(line)[_JSON_LINES[source][1]] for row, line in enumerate(lines) if row in rows}

"""A series of counts, read from a CSV file: `timestamp,value`."""

from __future__ import annotations

import csv
import math
import re
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import Final

from squall.core.config.files.regular import open_regular_text
from squall.core.dates.publication_time import TimeFormatError, parse_time
from squall.core.errors import ConfigurationError

COLUMNS: Final = ("timestamp", "value")
_SMALL_NUMBER = re.compile(r"^\d{1,8}(?:\.\d+)?$", re.ASCII)
_EXAMPLE: Final = "a row is for example 2026-03-02T14:05:00Z,17"


@dataclass(frozen=True, slots=True)
class Observation:
    """One bucket as it was read.

    Attributes:
        timestamp: as it stands in the file.
        second: its beginning, in seconds since the epoch.
        value: at least zero.
    """

    timestamp: str
    second: float
    value: float


def load_series(path: Path) -> list[Observation]:
    """Read the rows of a CSV file; other columns are ignored.

    Timestamps are in whatever form `squall ingest file` reads, without a zone UTC; numbers are seconds, ms, µs or ns since the epoch.

    Raises:
        ConfigurationError: the file can't be read, lacks a column or all rows, or a row is wrong: no time, no number, below zero, not
            after the row before it. Names the line.
    """
    try:
        with open_regular_text(path, encoding="utf-8-sig", newline="") as file:
            lines = csv.reader(file, skipinitialspace=True)
            header = [name.strip().lower() for name in next(lines, [])]
            missing = [name for name in COLUMNS if name not in header]
            if missing:
                raise ConfigurationError(f"{path}: no column {', '.join(missing)}", f"the first line is {','.join(COLUMNS)}")
            columns = [header.index(name) for name in COLUMNS]
            rows: list[Observation] = []
            for cells in lines:
                if any(cell.strip() for cell in cells):
                    rows.append(
                        _row([cells[at].strip() if at < len(cells) else "" for at in columns], f"{path}, line {lines.line_num}", rows)
                    )
    except (OSError, UnicodeError, csv.Error) as error:
        raise ConfigurationError(f"{path} can't be read: {error}", "give a UTF-8 CSV file") from error
    if not rows:
        raise ConfigurationError(f"{path} has no rows", _EXAMPLE)
    return rows


def _row(cells: list[str], where: str, before: list[Observation]) -> Observation:
    stamp, text = cells
    second, value = _second(stamp, where), _value(text, where)
    if before and second <= before[-1].second:
        how = "the same time as" if second == before[-1].second else "before"
        raise ConfigurationError(
            f"{where}: {stamp} is {how} the previous row, {before[-1].timestamp}", "sort the rows by time, one row for each"
        )
    return Observation(stamp, second, value)


def _second(text: str, where: str) -> float:
    if _SMALL_NUMBER.match(text):
        return float(text)
    try:
        return parse_time(text, UTC).timestamp()
    except TimeFormatError as error:
        raise ConfigurationError(f"{where}: timestamp: {error}", _EXAMPLE) from error


def _value(text: str, where: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise ConfigurationError(f"{where}: the value {text!r} is not a number", _EXAMPLE) from None
    if not math.isfinite(value):
        raise ConfigurationError(f"{where}: the value {text!r} is not a finite number", "leave out rows whose value is unknown")
    if value < 0:
        raise ConfigurationError(f"{where}: the value {text} is below zero", "a count is zero or more")
    return value

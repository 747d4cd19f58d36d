"""Reading the tables that are written by hand, in `handwritten/`."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "handwritten"


def read_table(name: str) -> list[dict[str, str]]:
    """Return the rows of `handwritten/NAME.csv`."""
    with (FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def parts(text: str) -> tuple[str, ...]:
    """Split a cell at semicolons."""
    return tuple(part.strip() for part in text.split(";") if part.strip())


@cache
def sector_of() -> dict[str, str]:
    """Return the GICS sector of each industry that the tables use."""
    return {row["industry"]: row["sector"] for row in read_table("industries")}

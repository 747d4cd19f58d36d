"""The dialect of a CSV file: delimiter and escape character, found from its beginning.

Each usual delimiter is tried with Python's csv module on the first records, and the header decides: `csv.Sniffer` backtracks on foreign
text and knows no columns.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from io import StringIO
from itertools import islice
from typing import Final

from squall.core.errors import ConfigurationError
from squall.ingest.file.columns import Columns

DELIMITERS: Final = (",", ";", "\t", "|")
_RECORDS: Final = 50


@dataclass(frozen=True, slots=True)
class Dialect:
    """How values are told apart.

    Args:
        delimiter: between values.
        escape: before a quote within quotes, which is doubled otherwise; empty: none.
        blanks: a blank may stand between a delimiter and a quote.
    """

    delimiter: str = ","
    escape: str = ""
    blanks: bool = False

    def records(self, lines: Iterable[str]) -> Iterator[list[str]]:
        """Yield the values of each record; raises `csv.Error` where a quote is out of place."""
        escape = self.escape or None
        return csv.reader(lines, delimiter=self.delimiter, escapechar=escape, skipinitialspace=self.blanks, strict=True)


def check_dialect(delimiter: str, escape: str) -> None:
    """Check the options.

    Raises:
        ConfigurationError: one of them is longer than a character, or can't be used.
    """
    for option, value in (("--delimiter", delimiter), ("--escape", escape)):
        if len(value) > 1 or value in {'"', "\n", "\r"}:
            raise ConfigurationError(
                f"{option} {value!r} is not one character, or one that CSV uses", "for example --delimiter ';' --escape '\\'"
            )


def find_dialect(sample: str, usual: str, columns: Columns, delimiter: str, escape: str) -> Dialect:
    """Return the dialect of a file.

    Args:
        sample: its beginning.
        usual: the delimiter that its name stands for.
        columns: which columns are known.
        delimiter: the delimiter where it is known; empty: it is found.
        escape: as of `Dialect`.
    """
    known = delimiter or stated(sample.partition("\n")[0])
    if known:
        return _with_blanks(sample, Dialect(known, escape))
    candidates = sorted(DELIMITERS, key=lambda candidate: candidate != usual)
    found = [_with_blanks(sample, Dialect(candidate, escape)) for candidate in candidates]
    return max(found, key=lambda dialect: _fit(sample, dialect, columns))


def _with_blanks(sample: str, dialect: Dialect) -> Dialect:
    """Return `dialect` with `blanks` where the sample has blanks between delimiters and quotes, and can be read so."""
    other = replace(dialect, blanks=True)
    if f'{dialect.delimiter} "' not in sample:
        return dialect
    whole = sample.rpartition("\n")[0] or sample
    try:
        for _ in islice(other.records(StringIO(whole, newline="\n")), _RECORDS):
            pass
    except csv.Error:
        return dialect
    return other


def stated(line: str) -> str:
    """Return the delimiter that a first line such as `sep=;` states, for Excel; empty if it is none."""
    line = line.strip("\ufeff\r\n")
    return line[4] if len(line) == 5 and line[:4].lower() == "sep=" else ""


def _fit(sample: str, dialect: Dialect, columns: Columns) -> tuple[int, float]:
    """Return how many fields of a document the header has, and the share of records with as many values as the header."""
    whole = sample.rpartition("\n")[0] or sample
    records: list[list[str]] = []
    with suppress(csv.Error):
        records.extend(record for record in islice(dialect.records(StringIO(whole, newline="\n")), _RECORDS) if record)
    if not records or len(records[0]) == 1:
        return 0, 0.0
    fitting = sum(len(record) == len(records[0]) for record in records) / len(records)
    return len(columns.known([name.strip() for name in records[0]])), fitting

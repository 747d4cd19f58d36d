"""A labelled file of names that are ordinary words too."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from squall.core.config.files.regular import read_regular_file
from squall.core.errors import ConfigurationError
from squall.entities.evaluation.data_set_texts import data_set_texts, digest

_HINT = "a line has start, end, is_company (true or false), and text, or source, row and sha256 of a text of a data set"


@dataclass(frozen=True)
class AmbiguousName:
    """A text with a name that may be a word.

    Args:
        text: of the headline or post.
        start: of the name in it.
        end: of the name in it.
        is_company: whether the company is meant.
    """

    text: str
    start: int
    end: int
    is_company: bool


def read_ambiguous_names(path: Path, data: Path) -> list[AmbiguousName]:
    """Read a JSONL file of labelled names.

    Args:
        path: lines with `start`, `end`, `is_company`, and the `text`, or `source`, `row` and `sha256` of a text of a data set, as
            `tests/data/ambiguous_names.jsonl` has them.
        data: folder of data sets; `squall.entities.evaluation.data_set_texts.SOURCES` names their files.

    Raises:
        ConfigurationError: a file can't be read, a line is not such an object, or the data set has another text there; names the line.
    """
    lines = read_regular_file(path).splitlines()
    rows = {number: _parsed(path, number, line) for number, line in enumerate(lines, 1) if line.strip()}
    wanted: dict[str, set[int]] = defaultdict(set)
    for row in rows.values():
        if "text" not in row:
            wanted[row["source"]].add(row["row"])
    texts = {source: data_set_texts(source, numbers, data) for source, numbers in wanted.items()}
    return [_name(path, number, row, texts, data) for number, row in rows.items()]


def _parsed(path: Path, number: int, line: bytes) -> dict[str, Any]:
    try:
        row: dict[str, Any] = orjson.loads(line)
        if "text" not in row and not (isinstance(row["source"], str) and isinstance(row["row"], int) and row["row"] >= 0):
            raise ValueError(f"no row {row['row']!r} of {row['source']!r}")
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigurationError(f"{path}, line {number}: {error}", _HINT) from error
    return row


def _name(path: Path, number: int, row: dict[str, Any], texts: dict[str, dict[int, str]], data: Path) -> AmbiguousName:
    try:
        text = row["text"] if "text" in row else texts[row["source"]].get(row["row"], "")
        if "text" not in row and digest(text) != row["sha256"]:
            raise ValueError(f"row {row['row']} of {row['source']} in {data} is not the text that was labelled")
        name = AmbiguousName(text, row["start"], row["end"], row["is_company"])
        if not 0 <= name.start < name.end <= len(name.text) or not isinstance(name.is_company, bool):
            raise ValueError(f"span {name.start}–{name.end} is outside the text")
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigurationError(f"{path}, line {number}: {error}", _HINT) from error
    return name

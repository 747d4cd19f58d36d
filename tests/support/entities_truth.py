"""Reads the hand-labelled files of tests/data, and takes the texts that are not ours from the data sets beside the checkout."""

from __future__ import annotations

import csv
import json
import sys
from collections import defaultdict
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from squall.entities.evaluation.data_set_texts import data_set_texts, digest

LABELLED = Path(__file__).resolve().parents[1] / "data"
OWN = "own"
"""Source of the texts that we wrote, which are in the files themselves."""


class AmbiguousName(NamedTuple):
    """A word that is the name of a company in some texts.

    Args:
        id: of the line.
        text: as it is to be read, without blanks around it.
        name: the word as it stands in the text, `text[start:end]`.
        start: its first character.
        end: the character after it.
        is_company: whether it is the name of a company here.
        expected: names under which that company may be known; empty unless `is_company`.
        part_of: names of the other organisation, team or place of which the word is a part: Square of Madison Square Garden.
        tickers: of the company, or of the organisation the word is a part of.
    """

    id: str
    text: str
    name: str
    start: int
    end: int
    is_company: bool
    expected: tuple[str, ...]
    part_of: tuple[str, ...]
    tickers: tuple[str, ...]


class NameInText(NamedTuple):
    """A name, where it stands, and what it is there for.

    Args:
        name: in its longest form of the text.
        kind: a value of `EntityKind`.
        role: subject, rater, author, law firm, exchange, mentioned or undecided.
        tone: towards it, where the text has two of different tone; else empty.
        spans: all its occurrences, first and past-the-end characters.
    """

    name: str
    kind: str
    role: str
    tone: str
    spans: tuple[tuple[int, int], ...]


class AboutText(NamedTuple):
    """A text with all its organisations, countries, central banks and persons."""

    id: str
    text: str
    names: tuple[NameInText, ...]


class FreeName(NamedTuple):
    """A text of ours with a name that a table of today's companies lacks."""

    id: str
    text: str
    name: str
    start: int
    end: int
    invented: bool


def ambiguous_names(data: Path) -> list[AmbiguousName]:
    """`ambiguous_names.jsonl`; `data` is the folder of data sets."""
    rows, texts = _read("ambiguous_names.jsonl", data)
    keys = ("expected", "part_of", "tickers")
    return [
        AmbiguousName(row["id"], text, row["name"], row["start"], row["end"], row["is_company"], *(tuple(row[key]) for key in keys))
        for row, text in zip(rows, texts, strict=True)
    ]


def about_texts(data: Path) -> list[AboutText]:
    """`who_is_it_about.jsonl`; `data` is the folder of data sets."""
    rows, texts = _read("who_is_it_about.jsonl", data)
    return [AboutText(row["id"], text, tuple(map(_name, row["names"]))) for row, text in zip(rows, texts, strict=True)]


def free_names() -> list[FreeName]:
    """`story_free_names.jsonl`: all its texts are ours."""
    return [
        FreeName(row["id"], row["text"], row["name"], row["start"], row["end"], row["invented"]) for row in lines("story_free_names.jsonl")
    ]


def judged_rows() -> dict[str, frozenset[int]]:
    """Rows of each data set that judge: whoever trains leaves them out, with their near-duplicates."""
    rows = defaultdict(set)
    for path in sorted(LABELLED.glob("*.jsonl")):
        for line in lines(path.name):
            if line["source"] != OWN:
                rows[line["source"]].add(line["row"])
    return {source: frozenset(found) for source, found in rows.items()}


def judged_texts(data: Path) -> list[str]:
    """The texts of `judged_rows` and those that are ours."""
    rows = [(path.name, *_read(path.name, data)) for path in sorted(LABELLED.glob("*.jsonl"))]
    return sorted({text for _, _, texts in rows for text in texts})


def lines(file: str) -> list[dict[str, Any]]:
    """The lines of a file of tests/data as they are stored, without the texts that are not ours."""
    return [json.loads(line) for line in (LABELLED / file).read_text(encoding="utf-8").splitlines()]


@lru_cache(maxsize=8)
def _read(file: str, data: Path) -> tuple[list[dict[str, Any]], list[str]]:
    rows = lines(file)
    wanted = defaultdict(set)
    for row in rows:
        if row["source"] != OWN:
            wanted[row["source"]].add(row["row"])
    found = {source: data_set_texts(source, numbers, data) for source, numbers in wanted.items()}
    texts = [row["text"] if row["source"] == OWN else found[row["source"]].get(row["row"], "") for row in rows]
    for row, text in zip(rows, texts, strict=True):  # a release of the data set may have other rows
        if row["source"] != OWN and digest(text) != row["sha256"]:
            raise ValueError(f"{file}, {row['id']}: row {row['row']} of {row['source']} in {data} is not the text that was labelled")
    return rows, texts


def _name(row: dict[str, Any]) -> NameInText:
    return NameInText(row["name"], row["kind"], row["role"], row.get("tone", ""), tuple((start, end) for start, end in row["spans"]))


def _write_judged_texts() -> None:
    """`python -m tests.support.entities_truth DATA FILE`: the texts that judge as a CSV file, for `[[excluded]]` of a training recipe."""
    texts = judged_texts(Path(sys.argv[1]))
    Path(sys.argv[2]).parent.mkdir(parents=True, exist_ok=True)
    with Path(sys.argv[2]).open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows([["text"], *([text] for text in texts)])


if __name__ == "__main__":
    _write_judged_texts()

"""A labelled file of names that are ordinary words too."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import orjson

from squall.core.errors import ConfigurationError


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


def read_ambiguous_names(path: Path) -> list[AmbiguousName]:
    """Read a JSONL file with `text`, `start`, `end`, `is_company`.

    Raises:
        ConfigurationError: it can't be read, or a line is not such an object; names the line.
    """
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise ConfigurationError(f"{path} can't be read: {error}", "--ambiguous is a JSONL file of labelled names") from error
    return [_name(path, number, line) for number, line in enumerate(lines, 1) if line.strip()]


def _name(path: Path, number: int, line: bytes) -> AmbiguousName:
    try:
        row = orjson.loads(line)
        name = AmbiguousName(row["text"], row["start"], row["end"], row["is_company"])
        if not 0 <= name.start < name.end <= len(name.text) or not isinstance(name.is_company, bool):
            raise ValueError(f"span {name.start}–{name.end} is outside the text")
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigurationError(f"{path}, line {number}: {error}", "a line has text, start, end and is_company (true or false)") from error
    return name

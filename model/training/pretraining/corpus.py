"""Plain text to pre-train on: read from files, near-copies once, held-out texts left out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set
from pathlib import Path
from typing import TYPE_CHECKING

from squall.core.config.files.regular import open_regular_text
from squall.core.errors import ConfigurationError
from squall.model.data.near_duplicates import group_key
from squall.model.data.tables import texts_in

if TYPE_CHECKING:
    from squall.model.training.recipe import Recipe

_SHORTEST = 20
"""Characters: below that there is nothing to guess from."""


def read_texts(paths: Iterable[Path], column: str, *, without: Set[str] = frozenset()) -> list[str]:
    """Return the texts of files, one of each `group_key`, none whose key is in `without`.

    Args:
        paths: `.txt` (or any other name) with a text a line, or a table that `texts_in` knows.
        column: of the text, in tables.
        without: keys to leave out.

    Raises:
        ConfigurationError: a file is missing, broken, or has no such column.
    """
    found: dict[str, str] = {}
    for path in paths:
        for text in _texts(path, column):
            key = group_key(text)
            if len(text) >= _SHORTEST and key not in without:
                found.setdefault(key, text)
    return list(found.values())


def held_out_keys(recipe: Recipe) -> set[str]:
    """Return the keys of the texts that `recipe` will measure on."""
    return {group_key(row.text) for row in recipe.split()[1]}


def _texts(path: Path, column: str) -> Iterator[str]:
    if {".csv", ".parquet", ".jsonl", ".ndjson", ".json"} & {suffix.lower() for suffix in path.suffixes}:
        yield from texts_in(path, column)
        return
    try:
        with open_regular_text(path) as file:
            yield from (line.strip() for line in file)
    except OSError as error:
        raise ConfigurationError(f"{path} can't be read: {error.strerror}", "check the path") from None
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{path} is not UTF-8: byte {error.start}", "save it as UTF-8") from None

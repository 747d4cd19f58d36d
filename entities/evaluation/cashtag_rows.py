"""Headlines whose cashtag tells whom the spelled-out name beside it means: with the cashtag masked they ask what they answer."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

import pandas as pd

from squall.core.errors import ConfigurationError
from squall.core.text import normalise
from squall.entities.catalogue.catalogue import Catalogue
from squall.entities.entity import Entity
from squall.entities.linking.folding import fold_name
from squall.entities.names import legal_short_form, name_key

FILES = ("tfn_sentiment/train.csv", "tfn_topic/train.parquet")
"""Twitter Financial News, below the folder of data."""
_CASHTAG = re.compile(r"(?<![\w$])\$([A-Z]{1,6})(?![\w$])")
_LINK = re.compile(r"https?://\S{1,400}")
_JOINT = " \t-–:|,"
_AFTER, _BEFORE = 60, 25
"""Characters after and before the cashtag within which the name begins."""
_LEAST_WORD = 2


@dataclass(frozen=True)
class CashtagRow:
    """A headline without the cashtag that it had.

    Args:
        text: masked: neither `$T` nor `(T)`.
        symbol: the cashtag.
        entity: id of the company with this ticker.
        name: the word of its name that the headline holds, as written.
        group: what near-copies share.
    """

    text: str
    symbol: str
    entity: str
    name: str
    group: str

    @property
    def part(self) -> str:
        """`tune` or `judge`: half of the groups each; by the group, so that near-copies are in one."""
        return "judge" if blake2b(self.group.encode(), digest_size=1).digest()[0] % 2 else "tune"


def cashtag_rows(folder: Path, catalogue: Catalogue) -> list[CashtagRow]:
    """Return the rows of Twitter Financial News with exactly one cashtag, which the catalogue knows, and a name of its company beside it.

    "Beside" is: within 60 characters after the cashtag or 25 before it stands the first word of one of the company's names. Of
    near-copies (same words without links, prefixes and figures) the first is kept.

    Args:
        folder: where `tfn_sentiment` and `tfn_topic` are.
        catalogue: whose companies are asked for.

    Raises:
        ConfigurationError: a file is missing or can't be read.
    """
    seen: set[str] = set()
    rows = []
    for row in (row for text in _texts(folder) if (row := _row(text, catalogue)) is not None):
        if row.group not in seen:
            seen.add(row.group)
            rows.append(row)
    return rows


def _texts(folder: Path) -> Iterator[str]:
    for name in FILES:
        path = folder / name
        try:
            frame = pd.read_csv(path) if path.suffix == ".csv" else pd.read_parquet(path)
            yield from frame["text"].astype(str)
        except (OSError, ValueError, KeyError) as error:
            raise ConfigurationError(
                f"{path} can't be read: {error}", "--data is the folder that holds tfn_sentiment and tfn_topic"
            ) from error


def _row(text: str, catalogue: Catalogue) -> CashtagRow | None:
    text = _LINK.sub("", text).strip()
    tags = list(_CASHTAG.finditer(text))
    if not tags or len({tag[1] for tag in tags}) != 1:
        return None
    symbol = tags[0][1]
    entity = catalogue.by_symbol(symbol)
    if entity is None:
        return None
    masked, at = _masked(text, symbol, tags)
    name = _name_beside(masked, at, _first_words(entity, catalogue))
    if not name:
        return None
    group = re.sub(r"[\d%$.]+", " ", normalise(masked))
    return CashtagRow(masked, symbol, entity.id, name, " ".join(group.split()))


def _masked(text: str, symbol: str, tags: Iterable[re.Match[str]]) -> tuple[str, int]:
    """The text without the cashtag and its bracket, and where the first one stood."""
    parts = []
    at = 0
    for tag in tags:
        parts.append(text[at : tag.start()].rstrip("("))
        at = tag.end()
        while at < len(text) and text[at] in _JOINT + ")":
            at += 1
        parts.append(" ")
    parts.append(text[at:])
    first = len(parts[0])
    return "".join(parts).replace(f"({symbol})", " ").rstrip(), first


def _first_words(entity: Entity, catalogue: Catalogue) -> set[str]:
    words = set()
    for name in catalogue.names(entity):
        first = name_key(legal_short_form(name)).removeprefix("the ").split()
        if first and len(first[0]) >= _LEAST_WORD:
            words.add(first[0])
    return words


def _name_beside(text: str, at: int, words: set[str]) -> str:
    near = text[max(0, at - _BEFORE) : at + _AFTER]
    for word in re.findall(r"[\w&.'’]{2,40}", near):
        if word[:1].isupper() or word[:1].isdigit():
            for form in (word, word.removesuffix("'s").removesuffix("’s")):
                if name_key(form.rstrip(".")) in words or fold_name(form) in words:
                    return form
    return ""

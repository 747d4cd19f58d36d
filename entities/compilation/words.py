"""The list of ordinary English words: those of a dictionary that occur in lower case in news or tweets.

Neither alone would do: a dictionary of 236,000 words knows an animal or a fabric for half the names there are, and headlines hold names.
"""

from __future__ import annotations

import csv
import gzip
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import orjson

from squall.entities.compilation.tables import read_table

_WORD = re.compile(r"[A-Za-z]+")
_LEAST_LETTERS = 3
_INFLECTIONS = (("ies", ("y",)), ("es", ("", "e")), ("s", ("",)), ("ed", ("", "e")), ("ing", ("", "e")), ("ers", ("", "e")))
_TWEETS = 60_000


def common_words(dictionary: Path, data: Path) -> list[str]:
    """Return the ordinary words, sorted.

    Args:
        dictionary: a word a line, names capitalised, such as Webster's Second International (`/usr/share/dict/web2`; public domain).
        data: the folder of the data sets; headlines of the ABC, StockNet and FinEntity are read.
    """
    known = {word for word in dictionary.read_text(encoding="utf-8").split() if word.isascii() and word.isalpha() and word.islower()}
    counts = Counter(_lower_case_words(data))
    words = {word for word, count in counts.items() if count > 1 and len(word) >= _LEAST_LETTERS and _is_known(word, known)}
    exceptions = {row["word"]: row["is"] for row in read_table("word_exceptions")}
    words |= {word for word, kind in exceptions.items() if kind == "word"}
    return sorted(words - {word for word, kind in exceptions.items() if kind == "name"})


def _lower_case_words(data: Path) -> Iterator[str]:
    with gzip.open(data / "abc_headlines" / "abcnews-date-text.csv.gz", "rt", encoding="utf-8") as headlines:
        for row in csv.DictReader(headlines):
            for word in row["headline_text"].split():
                yield from (word, word)  # one occurrence suffices: these are edited
    texts: list[Iterable[str]] = [_tweets(data), _paragraphs(data)]
    for source in texts:
        for text in source:
            yield from (word for word in _WORD.findall(text) if word.islower())


def _tweets(data: Path) -> Iterator[str]:
    with gzip.open(data / "stocknet" / "tweet_raw_text_2014_2016.jsonl.gz", "rb") as lines:
        for _, line in zip(range(_TWEETS), lines, strict=False):
            yield orjson.loads(line).get("text") or ""


def _paragraphs(data: Path) -> Iterator[str]:
    for row in orjson.loads((data / "finentity" / "FinEntity.json").read_bytes()):
        yield row["content"]


def _is_known(word: str, known: set[str]) -> bool:
    if word in known:
        return True
    for ending, instead in _INFLECTIONS:
        stem = word.removesuffix(ending)
        if stem != word and len(stem) >= _LEAST_LETTERS and any(stem + more in known for more in instead):
            return True
    for ending in ("ed", "ing"):  # stopped, stopping
        stem = word.removesuffix(ending)
        if stem != word and len(stem) > _LEAST_LETTERS and stem[-1] == stem[-2] and stem[:-1] in known:
            return True
    return False

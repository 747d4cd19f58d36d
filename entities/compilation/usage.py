"""Counts how words are used in headlines and posts: how often they are written small, and what stands beside companies."""

from __future__ import annotations

import gzip
import json
import re
from collections import Counter
from collections.abc import Iterator
from math import log
from pathlib import Path
from typing import Any

import orjson
import pandas as pd

from squall.core.records import EntityKind
from squall.core.text import normalise
from squall.entities.catalogue.catalogue import Catalogue
from squall.entities.catalogue.common_words import common_words
from squall.entities.linking.dictionary import Dictionary, Match
from squall.entities.linking.folding import Folded, fold
from squall.entities.linking.odds.usage import neighbours
from squall.entities.linking.place import begins_sentence, place_of

_ABC = "abc_headlines/abcnews-date-text.csv.gz"
_TABLES = (("tfn_sentiment/train.csv", "text"), ("tfn_topic/train.parquet", "text"), ("sentfin/SEntFiN.csv", "Title"))
_TWEETS = "stocknet/tweet_raw_text_2014_2016.jsonl.gz"
_WORD = re.compile(r"[A-Za-z]{2,}")
_MARKS = frozenset("$#@/._")
"""Before a word, they make it a ticker, a tag or part of an address."""
_COPY_WORDS = 6
"""Texts that begin with the same words count once."""
_LEAST_COUNT = 2
_LEAST_LETTERS, _LEAST_WORDS, _SMALL_SHARE = 4, 4, 0.5
"""A sentence has so many words of so many letters, and so many of them small; else a capital proves nothing."""
_MOST_OF_A_NAME, _MOST_OF_A_WORD, _EVERY = 400, 150, 4
"""Places of one company and of one ordinary word that count, so that no name decides; of ordinary words every fourth place."""
_SMOOTHING, _LEAST_BESIDE, _MOST_WEIGHT = 10.0, 10, 3.0


class _Counts:
    """What is counted."""

    def __init__(self) -> None:
        self.small: Counter[str] = Counter()
        self.small_in_cased: Counter[str] = Counter()
        self.capital: Counter[str] = Counter()
        self.companies, self.words = Counter[str](), Counter[str]()
        """Neighbours of companies and of ordinary words; under "" how many places there were."""
        self.seen_names, self.seen_words = Counter[str](), Counter[str]()


def word_usage(data: Path, catalogue: Catalogue) -> dict[str, Any]:
    """Return the fields of `squall.entities.linking.odds.usage.Usage`, as JSON.

    Companies are those whose name is no ordinary word, no abbreviation and no beginning of a name, where it has a capital; ordinary words
    are those written small. The weight of a neighbour is the logarithm of the quotient of its shares, with a prior of ten occurrences.

    Args:
        data: folder of the data sets; those of Twitter Financial News, SEntFiN, StockNet and the ABC are read.
        catalogue: whose companies are looked for.
    """
    dictionary, counts, seen = Dictionary(catalogue), _Counts(), set[str]()
    for text, cased in _texts(data):
        beginning = " ".join(normalise(text).split()[:_COPY_WORDS])
        if beginning in seen:
            continue
        seen.add(beginning)
        folded = fold(text)
        if cased:
            _count_companies(text, folded, dictionary.matches(folded), counts)
        _count_words(text, folded, counts, cased)
    kept = {word for word, count in counts.small.items() if count >= _LEAST_COUNT}
    return {
        "small": {word: [counts.small[word], counts.small_in_cased[word]] for word in sorted(kept)},
        "capital": {word: counts.capital[word] for word in sorted(kept) if counts.capital[word]},
        "beside": _weights(counts.companies, counts.words),
    }


def write_usage(usage: dict[str, Any], path: Path) -> None:
    """Write counts, the same bytes for the same counts."""
    path.write_bytes(gzip.compress(json.dumps(usage, separators=(",", ":")).encode(), mtime=0))


def _texts(data: Path) -> Iterator[tuple[str, bool]]:
    """Texts, and whether they have capitals."""
    for name, column in _TABLES:
        path = data / name
        frame = pd.read_csv(path) if path.suffix == ".csv" else pd.read_parquet(path)
        yield from ((text.strip(), True) for text in frame[column].astype(str))
    with gzip.open(data / _TWEETS, "rb") as lines:
        for line in lines:
            yield (orjson.loads(line).get("text") or "").strip(), True
    yield from ((text.strip(), False) for text in pd.read_csv(data / _ABC)["headline_text"].astype(str))


def _count_companies(text: str, folded: Folded, matches: list[Match], counts: _Counts) -> None:
    taken: list[tuple[int, int]] = []
    for begin, stop, form in sorted(matches, key=lambda match: match.start - match.end):
        plain = not (form.common or form.acronym or form.derived) and form.entities[0].kind is EntityKind.COMPANY
        start, end = folded.span(begin, stop)
        if not plain or len(form.text) < _LEAST_LETTERS or not text[start].isupper() or text[start - 1 : start] in {"$", "#", "@"}:
            continue
        if counts.seen_names[form.text] < _MOST_OF_A_NAME and all(stop <= left or begin >= right for left, right in taken):
            taken.append((begin, stop))
            counts.seen_names[form.text] += 1
            counts.companies.update(("", *neighbours(place_of(text, folded.text, start, end, begin, stop))))


def _count_words(text: str, folded: Folded, counts: _Counts, cased: bool) -> None:
    found = [match for match in _WORD.finditer(text) if text[match.start() - 1 : match.start()] not in _MARKS]
    long = [match[0] for match in found if len(match[0]) >= _LEAST_LETTERS]
    is_sentence = cased and len(long) >= _LEAST_WORDS and sum(map(str.islower, long)) >= _SMALL_SHARE * len(long)
    for match in found:
        word = match[0]
        if word.islower():
            counts.small[word] += 1
            counts.small_in_cased[word] += cased
            if word in common_words() and counts.small[word] % _EVERY == 1 and counts.seen_words[word] < _MOST_OF_A_WORD:
                counts.seen_words[word] += 1
                place = place_of(text, folded.text, *match.span(), *folded.position(*match.span()))
                counts.words.update(("", *neighbours(place)))
        elif is_sentence and word[0].isupper() and not begins_sentence(text, match.start()):
            counts.capital[word.lower()] += 1


def _weights(companies: Counter[str], words: Counter[str]) -> dict[str, float]:
    of_companies, of_words = companies.pop(""), words.pop("")
    share = of_companies / (of_companies + of_words)
    weights = {}
    for key in sorted(companies.keys() | words.keys()):
        if companies[key] + words[key] >= _LEAST_BESIDE:
            beside_companies = (companies[key] + _SMOOTHING * share) / (of_companies + _SMOOTHING)
            beside_words = (words[key] + _SMOOTHING * (1 - share)) / (of_words + _SMOOTHING)
            weight = round(log(beside_companies / beside_words), 2)
            weights[key] = max(-_MOST_WEIGHT, min(_MOST_WEIGHT, weight))
    return weights

"""How often the language of a headline is found, and an English one taken for foreign: `python -m tests.support.languages_report`.

English ones are those of `../shared/data`; the sets of posts and of "twitter" hold some texts that are really foreign, which the list at
the end shows. The others were written for this purpose (`headlines_by_language.toml`).
"""

from __future__ import annotations

import csv
import gzip
import json
import random
import time
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from squall.core.cleaning.language import language_of

HEADLINES: Final = Path(__file__).with_name("headlines_by_language.toml")
_DATA: Final = Path(__file__).resolve().parents[3] / "shared" / "data"
_SAMPLE: Final = 5_000
_SHORT: Final = 4
_LISTED: Final = 12


@dataclass(frozen=True)
class Found:
    """What was found in some texts: how many there are, how many are called English, and which foreign."""

    texts: int
    english: int
    called_foreign: tuple[tuple[str, str], ...]

    @property
    def foreign(self) -> int:
        """Number of texts that are called foreign."""
        return len(self.called_foreign)


def found_in(texts: Iterable[str], declared: str) -> Found:
    """Return what `language_of` finds in texts whose source declares a language."""
    languages = [(language_of(text, declared), text) for text in texts]
    foreign = tuple((code, text) for code, text in languages if code not in {"en", "und"})
    return Found(len(languages), sum(code == "en" for code, _ in languages), foreign)


def english_headlines() -> dict[str, list[str]]:
    """Return samples of English headlines and posts by data set; none where `../shared` is absent."""
    if not _DATA.is_dir():
        return {}
    sets = {
        "abc": list(_column(_DATA / "abc_headlines/abcnews-date-text.csv.gz", "headline_text")),
        "sentfin": list(_column(_DATA / "sentfin/SEntFiN.csv", "Title")),
        "twitter": list(_column(_DATA / "tfn_sentiment/train.csv", "text")),
        "uci": list(_column(_DATA / "uci_stories/stories.csv.gz", "title")),
        "reuters": [json.loads(line)["title"] for line in _lines(_DATA / "reuters/reuters_2015-06.jsonl.gz")],
        "posts": sorted({json.loads(line)["text"] for line in _lines(_DATA / "stocknet/tweet_raw_text_2014_2016.jsonl.gz")}),
    }
    few = {text for name in ("abc", "sentfin", "reuters") for text in sets[name] if len(text.split()) <= _SHORT}
    chosen = random.Random(7)
    return {name: chosen.sample(texts, min(_SAMPLE, len(texts))) for name, texts in {**sets, "four words": sorted(few)}.items()}


def _column(path: Path, name: str) -> Iterator[str]:
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as file:
        yield from (row[name] for row in csv.DictReader(file))


def _lines(path: Path) -> Iterator[str]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        yield from file


def main() -> None:
    """Print the report."""
    language_of("Der Vorstand hat die Prognose für das laufende Jahr gesenkt", "und")  # loads the second detector
    print(f"{'English set':12} {'texts':>6} {'English':>8} {'foreign':>8} {'µs each':>8}")
    listed: list[tuple[str, str, str]] = []
    for name, texts in english_headlines().items():
        started = time.perf_counter()
        found = found_in(texts, "und")
        each = (time.perf_counter() - started) / len(texts) * 1e6
        print(f"{name:12} {found.texts:6} {found.english / found.texts:8.2%} {found.foreign / found.texts:8.2%} {each:8.0f}")
        listed += [(name, code, text) for code, text in found.called_foreign[:_LISTED]]
    print(f"\n{'language':12} {'texts':>6} {'foreign':>8} {'that one':>8}")
    for language, texts in tomllib.loads(HEADLINES.read_text(encoding="utf-8")).items():
        found = found_in(texts, "und")
        right = sum(language_of(text, "und") in {language, "no" if language == "nb" else language} for text in texts)
        print(f"{language:12} {found.texts:6} {found.foreign:8} {right:8}")
    print("\ncalled foreign in the English sets:")
    for name, code, text in listed:
        print(f"{name:12} {code:4} {' '.join(text.split())[:100]}")


if __name__ == "__main__":
    main()

"""`python -m tests.support.long_texts_report`: what is gained by choosing what is read of a long text, against its first tokens.

Long texts are put together of labelled rows: a title and many sentences of little severity (none), and one row of any severity at
any place. With `--tune` the rows are a fifth of `severity_train.csv`, and the weights of words are learnt without them.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple
from unittest.mock import patch

import numpy as np
import pandas as pd
from scipy.stats import spearmanr

from squall.app.linking import open_linker
from squall.core.config.entities import EntitySettings
from squall.core.config.settings import ModelSettings
from squall.entities.linking.linker import Linker
from squall.model.excerpt.word_weights import WordWeights, shipped_weights
from squall.model.serving.engine import ScoringEngine
from squall.model.training.word_weights import fit, labelled_texts
from squall.stream.entity_tones import wanted_names
from squall.stream.mentions import Wanted

LABELLED = Path(__file__).resolve().parents[2] / "model" / "labelled"
LITTLE, GRAVE, SERIOUS = 0.0, 0.5, 0.375


class LongText(NamedTuple):
    """One text, how grave its gravest row is, and where that stands."""

    text: str
    severity: float
    start: int
    end: int


def long_texts(rows: Sequence[tuple[str, float]], number: int, seed: int) -> list[LongText]:
    """Return texts of a title and 9 to 25 sentences."""
    rng = random.Random(seed)
    filler = [text for text, severity in rows if severity <= LITTLE]
    grades = sorted({severity for _, severity in rows})
    by_grade = {grade: [text for text, severity in rows if severity == grade] for grade in grades}
    made = []
    for _ in range(number):
        grade = rng.choice(grades)
        told = rng.choice(by_grade[grade])
        sentences = [_sentence(text) for text in rng.sample(filler, rng.randint(9, 25))]
        at = rng.randint(0, len(sentences))
        before = "\n\n".join((sentences[0].rstrip("."), " ".join(sentences[1:at]))).rstrip() + " " if at else ""
        middle = _sentence(told)
        text = f"{before}{middle} {' '.join(sentences[max(1, at) :])}"
        made.append(LongText(text, grade, len(before), len(before) + len(middle)))
    return made


def _sentence(text: str) -> str:
    text = " ".join(text.split())
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "!", "?")) else text + "."


def beginnings(engine: ScoringEngine, texts: Sequence[str]) -> list[str]:
    """Return what was read before there was a choice: as much of the beginning as has tokens."""
    tokenizer = engine._model.tokenizer
    return [text[: tokenizer.reach(text[: 24 * tokenizer.max_tokens], tokenizer.room)] for text in texts]


def report(texts: Sequence[LongText], engine: ScoringEngine, linker: Linker) -> None:
    """Print the figures."""

    def wanted(row: int) -> Wanted:
        return wanted_names(None, texts[row].text, linker)

    whole = [text.text for text in texts]
    truth = np.array([text.severity for text in texts])
    links = [[link for link in linker.link(text) if link.role == "subject"] for text in whole]
    alone = engine.read([text.text[text.start : text.end] for text in texts])
    for name, given, ask in (("beginning", beginnings(engine, whole), None), ("choice", whole, None), ("choice, names", whole, wanted)):
        began, tokens = time.process_time(), engine.stats().tokens
        found = engine.read(given, wanted=ask) if ask else engine.read(given)
        spent = time.process_time() - began
        within = [found.names_within(row) for row in range(len(texts))]
        grave = truth >= GRAVE
        told = np.array([any(a < text.end and b > text.start for a, b in read) for text, read in zip(texts, within, strict=True)])
        entities = covered = 0
        for row, read in enumerate(within):
            seen = {link.entity: False for link in links[row]}
            for link in links[row]:
                seen[link.entity] |= any(a <= link.start < b for a, b in read)
            entities, covered = entities + len(seen), covered + sum(seen.values())
        severity = found.severity
        assert severity is not None
        calm = truth <= LITTLE
        print(
            f"{name:14} Spearman {spearmanr(severity, truth).statistic:.3f}; row read {told.mean():.3f}, grave {told[grave].mean():.3f};"
            f" called serious: grave {np.mean(severity[grave] >= SERIOUS):.3f}, calm {np.mean(severity[calm] >= SERIOUS):.3f};"
            f" entities read {covered / entities:.3f} of {entities}; {len(texts) / spent:.0f} texts per second of processor,"
            f" {(engine.stats().tokens - tokens) / len(texts):.0f} tokens a text",
            flush=True,
        )
    assert alone.severity is not None
    print(f"{'row alone':14} Spearman {spearmanr(alone.severity, truth).statistic:.3f}")


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tune", action="store_true", help="rows of severity_train.csv that the weights have not seen")
    parser.add_argument("--texts", type=int, default=800)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    weights: WordWeights = shipped_weights()
    table = pd.read_csv(LABELLED / f"severity_{'train' if arguments.tune else 'test'}.csv", keep_default_na=False)
    rows = list(zip(table["text"].astype(str), table["severity"].astype(float), strict=True))
    if arguments.tune:
        rows = rows[::5]
        kept = {text for text, _ in rows}
        texts, severities = labelled_texts(LABELLED, 1)
        use = [i for i, text in enumerate(texts) if text not in kept]
        weights = fit([texts[i] for i in use], severities[use])
    with (
        patch("squall.model.serving.long_texts.shipped_weights", lambda: weights),
        ScoringEngine.open(ModelSettings(threads=1)) as engine,
    ):
        report(long_texts(rows, arguments.texts, arguments.seed), engine, open_linker(EntitySettings()))


if __name__ == "__main__":
    sys.exit(main())

"""The public sets as examples for the heads `names` and `mention_sentiment`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from squall.model.data.conll import read_conll
from squall.model.data.examples import Example
from squall.model.data.mentions.annotation import annotator
from squall.model.data.mentions.sets import Tones, cashtag_tones, finentity_tones, sentfin_tones
from squall.model.data.tables import read_table
from squall.model.spans import UNKNOWN, Span
from squall.model.tasks import MENTION_SENTIMENT, NAMES, TaskSpec

_LEAST_WORDS = 4
"""A shorter sentence of a loan agreement is a line of a form."""
_PARTIES = frozenset(
    {"borrower", "borrowers", "lender", "lenders", "bank", "agent", "company", "executive", "guarantor", "holder", "parent"}
)
"""What loan agreements call their parties: annotated as persons or organisations, and no names."""


def mention_examples(folder: Path, tasks: Sequence[TaskSpec], sets: Sequence[str]) -> list[Example]:
    """Read what the public sets say about names and the tone towards them; empty where `tasks` has neither head.

    Args:
        folder: holds a folder per set, and the table of companies.
        tasks: heads of the run.
        sets: names of the sets to read.

    Raises:
        ConfigurationError: a set is missing or broken.
    """
    wanted = {task.name for task in tasks} & {NAMES.name, MENTION_SENTIMENT.name}
    if not wanted:
        return []
    found = [(name, text, tones) for name in sets for text, tones in _tones(folder, name)]
    sources = {text: name for name in reversed(sets) for text in _tweets(folder, name)} | {text: name for name, text, _ in found}
    texts = list(sources)
    rows: list[Example] = []
    if NAMES.name in wanted:
        names = annotator(folder, texts)
        annotated = {text: tones for _, text, tones in found}
        rows = [Example(text, {}, sources[text], {NAMES.name: names.names(text, annotated.get(text, ()))}) for text in texts]
        if "sec_ner" in sets:
            rows += _agreements(folder / "sec_ner")
    if MENTION_SENTIMENT.name in wanted:
        rows += [Example(text, {}, name, {MENTION_SENTIMENT.name: tones}) for name, text, tones in found if tones]
    return rows


def _tones(folder: Path, name: str) -> list[tuple[str, Tones]]:
    if name == "sentfin":
        return list(sentfin_tones(folder / name / "SEntFiN.csv"))
    if name == "finentity":
        return list(finentity_tones(folder / name / "FinEntity.json"))
    return list(cashtag_tones(folder / name / "train.csv")) if name == "tfn_sentiment" else []


def _tweets(folder: Path, name: str) -> list[str]:
    paths = {"tfn_sentiment": folder / name / "train.csv", "tfn_topic": folder / name / "train.parquet"}
    return [text for text in read_table(paths[name])["text"].tolist() if str(text).strip()] if name in paths else []


def _agreements(folder: Path) -> list[Example]:
    return [
        Example(text, {}, folder.name, {NAMES.name: tuple(_unless_party(span, text) for span in spans)})
        for path in sorted(folder.glob("*.txt"))
        for text, spans in read_conll(path)
        if len(text.split()) >= _LEAST_WORDS
    ]


def _unless_party(span: Span, text: str) -> Span:
    return span._replace(label=UNKNOWN) if text[span.start : span.end].lower() in _PARTIES else span

"""The public sets that annotate entities, as spans: SEntFiN, FinEntity, and the cashtags of Twitter Financial News."""

from __future__ import annotations

import ast
import logging
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from squall.core.errors import ConfigurationError
from squall.model.data.tables import read_table
from squall.model.spans import BadSpanError, Span, first_places, parse_spans
from squall.model.tasks import MENTION_SENTIMENT

_LOG = logging.getLogger(__name__)
_CASHTAG = re.compile(r"\$[A-Z]{1,5}(?:\.[A-Z])?(?![A-Za-z])")

Tones = tuple[Span, ...]
"""Spans whose label is the tone towards them, sorted, apart."""


def sentfin_tones(path: Path, warn: Callable[[str], None] = _LOG.warning) -> Iterator[tuple[str, Tones]]:
    """Yield SEntFiN's headlines with the tone towards each entity.

    An entity is where its name first stands in the headline as words of their own, in any letter case; one that lies in a longer one is
    looked for behind it. Dicts that don't parse, and names that the headline does not have, are skipped and counted.

    Args:
        path: `SEntFiN.csv`.
        warn: receives the counts.

    Raises:
        ConfigurationError: the file is missing or has no columns Title, Decisions.
    """
    table = read_table(path)
    if not {"Title", "Decisions"} <= set(table.columns):
        raise ConfigurationError(f"{path} has no columns Title, Decisions", f"it has {', '.join(map(str, table.columns))}")
    broken = absent = 0
    for title, decisions in zip(table["Title"].tolist(), table["Decisions"].tolist(), strict=True):
        tones = entity_tones(decisions)
        if tones is None:
            broken += 1
        elif title.strip():
            spans, missing = _located(title, tones)
            absent += missing
            yield title, spans
    warn(f"{path}: skipped {broken} rows whose entities can't be read, and {absent} entities that their headline does not name")


def entity_tones(decisions: Any) -> dict[str, str] | None:
    """Return entity → tone from a cell of SEntFiN; None where it does not parse."""
    try:
        found = ast.literal_eval(decisions)
        return {str(name): str(tone) for name, tone in found.items()}
    except (ValueError, SyntaxError, AttributeError):
        return None


def _located(text: str, tones: dict[str, str]) -> tuple[Tones, int]:
    places = first_places(text, list(tones))
    spans = [
        Span(*place, MENTION_SENTIMENT.labels[MENTION_SENTIMENT.index(tone)])
        for tone, place in zip(tones.values(), places, strict=True)
        if place
    ]
    return tuple(sorted(spans)), places.count(None)


def finentity_tones(path: Path, warn: Callable[[str], None] = _LOG.warning) -> Iterator[tuple[str, Tones]]:
    """Yield FinEntity's paragraphs with the tone towards each entity; spans that don't fit their text are skipped and counted.

    Args:
        path: `FinEntity.json`.
        warn: receives the count.

    Raises:
        ConfigurationError: the file is missing or broken.
    """
    skipped = 0
    for text, items in _rows(path, "content", "annotations"):
        kept: list[Span] = []
        for item in items:
            try:
                (span,) = parse_spans([item], text, MENTION_SENTIMENT)
            except BadSpanError:
                skipped += 1
                continue
            if not any(span.start < other.end and span.end > other.start for other in kept):
                kept.append(span)
        yield text, tuple(sorted(kept))
    warn(f"{path}: skipped {skipped} spans that don't fit their text")


def cashtag_tones(path: Path) -> Iterator[tuple[str, Tones]]:
    """Yield the tweets of Twitter Financial News that name one cashtag, with the tweet's tone as the tone towards it.

    Args:
        path: `train.csv` of the sentiment set, labels 0 bearish, 1 bullish, 2 neutral.

    Raises:
        ConfigurationError: the file is missing or has no columns text, label.
    """
    for text, label in _rows(path, "text", "label"):
        tags = [match.span() for match in _CASHTAG.finditer(text)]
        if len({text[start:end] for start, end in tags}) == 1:
            tone = ("negative", "positive", "neutral")[int(label)]
            yield text, tuple(Span(start, end, tone) for start, end in tags)


def _rows(path: Path, *columns: str) -> Iterator[tuple[Any, ...]]:
    table = read_table(path)
    if missing := [column for column in columns if column not in table.columns]:
        raise ConfigurationError(f"{path} has no column {', '.join(missing)}", f"it has {', '.join(map(str, table.columns))}")
    yield from zip(*(table[column].tolist() for column in columns), strict=True)

"""Spans into BIO tags of tokens (Ramshaw and Marcus 1995) and into places of tokens, and back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from squall.model.spans import UNKNOWN, Span
from squall.model.tasks import MISSING, TaskSpec

Offsets = Sequence[tuple[int, int]]
"""Start and end of each token in characters; empty (start = end) for special tokens."""


def token_tags(spans: Iterable[Span], offsets: Offsets, task: TaskSpec) -> list[int]:
    """Return the class index of each token's tag: B for the first token of a span, I for the rest, O outside.

    Args:
        spans: sorted, in characters of the same text as `offsets`; tokens of an `UNKNOWN` one get `MISSING`.
        offsets: of the tokens; special ones get `MISSING`.
        task: the tokens task.
    """
    spans = list(spans)
    tags = [MISSING if start == end else 0 for start, end in offsets]
    for span, (first, stop) in zip(spans, places(spans, offsets), strict=True):
        for i in range(first, stop):
            tags[i] = MISSING if span.label == UNKNOWN else task.labels.index(_tag("I" if i > first else "B", span.label, task))
    return tags


def places(spans: Iterable[Span], offsets: Offsets) -> list[tuple[int, int]]:
    """Return per span the positions of its tokens, first and after the last; (0, 0) where no token lies in it."""
    real = [(i, start, end) for i, (start, end) in enumerate(offsets) if start < end]
    found, at = [], 0
    for span in spans:  # sorted, so one walk over the tokens is enough
        while at < len(real) and real[at][2] <= span.start:
            at += 1
        stop = at
        while stop < len(real) and real[stop][1] < span.end:
            stop += 1
        found.append((real[at][0], real[stop - 1][0] + 1) if stop > at else (0, 0))
    return found


def whole_words(tags: NDArray[Any], inner: NDArray[np.bool_], task: TaskSpec) -> NDArray[Any]:
    """Return `tags` with each word in one piece: what continues a word continues the span of its first token, or is outside as that is.

    Args:
        tags: class index per token, shape (tokens,).
        inner: whether a token continues the word of the one before, shape (tokens,); the first does not.
        task: the tokens task.
    """
    if not inner.any():
        return tags
    first = np.maximum.accumulate(np.where(inner, 0, np.arange(len(tags))))
    return np.where(inner, _continued(task)[tags[first]], tags).astype(tags.dtype)


@cache
def _continued(task: TaskSpec) -> NDArray[np.int64]:
    """The tag that continues each tag."""
    return np.asarray([0 if label == "O" else task.labels.index("I" + label[1:]) for label in task.labels])


def tagged_spans(tags: Sequence[int], offsets: Offsets, task: TaskSpec) -> list[Span]:
    """Return the spans that tags describe; an I that continues nothing begins a span, as in CoNLL's evaluation.

    Args:
        tags: class index per token; `MISSING` and special tokens end a span.
        offsets: start and end of each token, in characters.
        task: the tokens task.
    """
    found: list[Span] = []
    open_label: str | None = None
    for tag, (start, end) in zip(tags, offsets, strict=True):
        name = task.labels[tag] if tag != MISSING and start != end else "O"
        if name == "O":
            open_label = None
            continue
        label = name[1:].lstrip("-_")
        if name[0] == "I" and open_label == label:
            found[-1] = found[-1]._replace(end=end)
        else:
            found.append(Span(start, end, label))
        open_label = label
    return found


def _tag(prefix: str, label: str, task: TaskSpec) -> str:
    return next(tag for tag in task.labels if tag[0] == prefix and tag[1:].lstrip("-_") == label)

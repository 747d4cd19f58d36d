"""Spans into BIO tags of tokens, and back (Ramshaw and Marcus 1995)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from squall.model.spans import Span
from squall.model.tasks import MISSING, TaskSpec

Offsets = Sequence[tuple[int, int]]


def token_tags(spans: Iterable[Span], offsets: Offsets, task: TaskSpec) -> list[int]:
    """Return the class index of each token's tag: B for the first token of a span, I for the rest, O outside.

    Args:
        spans: sorted, in characters of the same text as `offsets`.
        offsets: start and end of each token; empty (start = end) for special tokens, which get `MISSING`.
        task: the tokens task.
    """
    tags = [MISSING if start == end else 0 for start, end in offsets]
    for span in spans:
        covered = [i for i, (start, end) in enumerate(offsets) if start < span.end and end > span.start]
        for order, i in enumerate(covered):
            tags[i] = task.labels.index(_tag("I" if order else "B", span.label, task))
    return tags


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


def moved(spans: Iterable[Span], origin: Sequence[int]) -> list[Span]:
    """Return `spans` of the original text as spans of the prepared one; one that is cut off or vanished is left out.

    Args:
        spans: in characters of the original.
        origin: offset in the original of each prepared character, from `squall.model.preprocess.prepare_aligned`.
    """
    result = []
    for span in spans:
        inside = [i for i, at in enumerate(origin) if span.start <= at < span.end]
        if inside:
            result.append(span._replace(start=inside[0], end=inside[-1] + 1))
    return result


def _tag(prefix: str, label: str, task: TaskSpec) -> str:
    return next(tag for tag in task.labels if tag[0] == prefix and tag[1:].lstrip("-_") == label)

"""CoNLL files (a word and its tag per line, a blank line between sentences) into texts with spans."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

from squall.core.config.files.regular import read_regular_file
from squall.core.errors import ConfigurationError
from squall.model.spans import Span

_NO_SPACE_BEFORE = frozenset(",.;:!?)]}%'\u2019")
_NO_SPACE_AFTER = frozenset("([{$")
_DOCUMENT = "-DOCSTART-"


def read_conll(path: Path) -> Iterator[tuple[str, tuple[Span, ...]]]:
    """Yield each sentence as text, and its names.

    The first column is the word, the last its tag: `O`, or `B-x` and `I-x`; an I that follows no tag of its kind begins a name. Words are
    joined by spaces, except before and after punctuation.

    Raises:
        ConfigurationError: the file is missing, or a line has no tag; names the line.
    """
    words: list[tuple[str, str]] = []
    for number, line in enumerate([*read_regular_file(path).decode("utf-8", errors="replace").split("\n"), ""], 1):
        parts = line.split()
        if not parts or parts[0] == _DOCUMENT:
            if words:
                yield _joined(words)
            words = []
        elif len(parts) < 2 or not (parts[-1] == "O" or parts[-1][:2] in ("B-", "I-")):
            raise ConfigurationError(f"{path}, line {number}: {line.strip()[:80]!r} is no word and tag", "correct the line")
        else:
            words.append((parts[0], parts[-1]))


def _joined(words: Sequence[tuple[str, str]]) -> tuple[str, tuple[Span, ...]]:
    text = ""
    spans: list[Span] = []
    names: list[int] = []
    for position, (word, tag) in enumerate(words):
        begins = tag.startswith("B-") or tag == "O" or not position or words[position - 1][1][2:] != tag[2:]
        names.append(names[-1] + bool(begins) if names else 0)
        glued = not text or word[0] in _NO_SPACE_BEFORE or text[-1] in _NO_SPACE_AFTER
        start = len(text) + (not glued)
        text += word if glued else f" {word}"
        spans.append(Span(start, len(text), tag[2:]))
    found = []
    for _, run in groupby(zip(names, spans, strict=True), key=lambda pair: pair[0]):
        parts = [span for _, span in run]
        if parts[0].label:
            found.append(Span(parts[0].start, parts[-1].end, parts[0].label))
    return text, tuple(found)

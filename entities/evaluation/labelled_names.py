"""Texts with all names marked: how many companies that the linker claims are marked, and how many of the marked ones it finds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from squall.core.errors import ConfigurationError
from squall.core.records import EntityKind
from squall.entities.evaluation.intervals import Proportion
from squall.entities.linking.found.names import PREFIX
from squall.entities.linking.linker import Linker
from squall.entities.names import legal_short_form

_ORGANISATION = "ORG"
_BLOCK = 40
"""Lines of one part: neighbours, which are often of one word, are in one part."""
_HINT = "a line has text and names, a list of objects with start, end and label (ORG, PER, LOC or MISC)"


@dataclass(frozen=True)
class LabelledText:
    """A text with all names in it.

    Args:
        text: of the headline or post.
        names: (start, end, label) of each.
        part: `tune` or `judge`: blocks of the file in turn.
    """

    text: str
    names: tuple[tuple[int, int, str], ...]
    part: str


def read_labelled_names(path: Path) -> list[LabelledText]:
    """Read a JSONL file of texts with `text` and `names`, as `model/labelled/names.jsonl`.

    Raises:
        ConfigurationError: the file can't be read, or a line is not such an object; names the line.
    """
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise ConfigurationError(f"{path} can't be read: {error}", "--names is a JSONL file of texts with their names") from error
    rows = []
    for number, line in enumerate(lines):
        try:
            row = orjson.loads(line)
            names = tuple((int(name["start"]), int(name["end"]), str(name["label"])) for name in row["names"])
            if not all(0 <= start < end <= len(row["text"]) for start, end, _ in names):
                raise ValueError("a name is outside the text")
        except (ValueError, KeyError, TypeError) as error:
            raise ConfigurationError(f"{path}, line {number + 1}: {error}", _HINT) from error
        rows.append(LabelledText(row["text"], names, "judge" if number // _BLOCK % 2 else "tune"))
    return rows


def names_report(linker: Linker, rows: Sequence[LabelledText], most_mistakes: int) -> dict[str, Any]:
    """Return how far the links to companies are the organisations that are marked.

    A link is right where it covers a marked organisation, its legal form aside: a part of another's name is a mistake. What is to be
    found are the marked organisations whose name, as it stands there, is a company's that the catalogue knows.

    Returns:
        `rows`, `precision`, `recall` with 95% intervals; `claimed` and `missed`: the first mistakes of each kind.
    """
    right = claimed = found = wanted = 0
    wrong: list[dict[str, str]] = []
    missed: list[dict[str, str]] = []
    for row in rows:
        marked = {(start, end) for start, end, label in row.names if label == _ORGANISATION}
        short = {(start, start + len(legal_short_form(row.text[start:end]))) for start, end in marked}
        links = {(link.start, link.end) for link in linker.link(row.text) if link.kind is EntityKind.COMPANY}
        claimed += len(links)
        right += len(links & (marked | short))
        wrong += [{"text": row.text, "name": row.text[start:end]} for start, end in sorted(links - marked - short)]
        for start, end in sorted(marked):
            shorter = start + len(legal_short_form(row.text[start:end]))
            if _is_known(linker, row.text[start:end]) or _is_known(linker, row.text[start:shorter]):
                wanted += 1
                hit = not links.isdisjoint({(start, end), (start, shorter)})
                found += hit
                if not hit:
                    missed.append({"text": row.text, "name": row.text[start:end]})
    return {
        "rows": len(rows),
        "precision": Proportion(right, claimed).report(),
        "recall": Proportion(found, wanted).report(),
        "claimed": wrong[:most_mistakes],
        "missed": missed[:most_mistakes],
    }


def _is_known(linker: Linker, name: str) -> bool:
    """Whether a marked name is a company's that the catalogue knows."""
    if not any(map(str.isalnum, name)):
        return False
    entity = linker.named(name)
    return entity.kind is EntityKind.COMPANY and not entity.id.startswith(PREFIX)

"""`python -m tests.support.stories_judge --data ../shared/data`: are labelled pairs of headlines put into one story, as they should be?

The wire of each month of the pairs goes through one `StoryIndex`, with the names that the catalogue knows, as in `squall stories`.
A pair is put into one story if both have one `story_id` in the end. Precision and recall have Wilson's interval, F1 that of 2,000
bootstrap samples of the pairs.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from squall.app.linking import open_linker
from squall.core.config.entities import EntitySettings
from squall.entities.evaluation.intervals import Proportion
from squall.stories import Incoming, StoryIndex
from tests.support.stories_truth import Pair, labelled_pairs, wire

Names = Callable[[str], tuple[str, ...]]


class Judged(NamedTuple):
    """Pairs with whether each was put into one story, and how many documents the index took in a second of processor time."""

    pairs: list[tuple[Pair, bool]]
    documents: int
    documents_per_second: float


def judge(pairs: Iterable[Pair], data: Path, names: Names) -> Judged:
    """Put the wire of the pairs into stories."""
    by_file: defaultdict[str, list[Pair]] = defaultdict(list)
    for pair in pairs:
        by_file[pair.file].append(pair)
    judged, documents, seconds = [], 0, 0.0
    for file, of_file in sorted(by_file.items()):
        incoming = [Incoming(str(read.row), read.title, read.published_at, names(read.title)) for read in wire(file, data)]
        began = time.process_time()
        index = StoryIndex()
        stories = {int(document.id): index.add(document).story_id for document in incoming}
        seconds += time.process_time() - began
        documents += len(incoming)
        judged += [(pair, stories[pair.rows[0]] == stories[pair.rows[1]]) for pair in of_file]
    return Judged(judged, documents, documents / seconds)


def catalogue_names() -> Names:
    """Return what finds the ids of the subjects of a headline in the shipped catalogue."""
    linker = open_linker(EntitySettings())
    return lambda title: tuple(sorted({link.entity for link in linker.link(title, title_length=len(title)) if link.role == "subject"}))


def report(judged: Judged, samples: int = 2_000, seed: int = 1) -> dict[str, Any]:
    """Return precision, recall, F1 and their 95% intervals."""
    verdicts = [(pair.same, same) for pair, same in judged.pairs]
    random = Random(seed)
    drawn = sorted(f1(random.choices(verdicts, k=len(verdicts))) for _ in range(samples))
    hits = sum(one and other for one, other in verdicts)
    return {
        "pairs": len(verdicts),
        "same": sum(one for one, _ in verdicts),
        "precision": Proportion(hits, sum(other for _, other in verdicts)).report(),
        "recall": Proportion(hits, sum(one for one, _ in verdicts)).report(),
        "f1": {"value": round(f1(verdicts), 4), "low": round(drawn[samples // 40], 4), "high": round(drawn[-samples // 40], 4)},
        "documents": judged.documents,
        "documents_per_second": round(judged.documents_per_second),
    }


def f1(verdicts: Sequence[tuple[bool, bool]]) -> float:
    """Return F1 of (labelled, found) verdicts; 0 where none is same."""
    hits = sum(one and other for one, other in verdicts)
    return 2 * hits / max(1, sum(one for one, _ in verdicts) + sum(other for _, other in verdicts))


def main() -> None:
    """Print a report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of data sets, with crises/reuters_2012-*.jsonl.gz")
    parser.add_argument("--half", choices=("judging", "tuning"), default="judging")
    parser.add_argument("--without-names", action="store_true", help="only the words of headlines")
    arguments = parser.parse_args()
    pairs = [pair for pair in labelled_pairs() if pair.judging == (arguments.half == "judging")]
    names = (lambda _: ()) if arguments.without_names else catalogue_names()
    print(json.dumps(report(judge(pairs, arguments.data, names)), indent=2))


if __name__ == "__main__":
    main()

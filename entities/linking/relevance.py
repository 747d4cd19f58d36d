"""How much a text is about each entity, in [0, 1].

What the vendors publish of their scores: RavenPack's relevance is 100 where an entity plays a main part in the headline, 90 or more where
the headline names it, and less the later and the more seldom it is named (RavenPack Analytics user guide, "RELEVANCE"); Thomson Reuters
News Analytics gives 1 to an asset in the headline, else the number of its occurrences relative to those of others (its user guide,
"relevance"). Neither publishes its formula. Ours:

    in the title:  (1, or 0.8 in an aside) · min(1, √(3 / n_title))
    only below it: (0.6 − 0.3 · depth + 0.2 · count / most) · min(1, √(6 / n))

with n_title and n the number of subjects in the title and in the text, depth in [0, 1] how far down the body the entity first occurs, and
count / most its occurrences relative to the entity named most often. A list of thirty prices gives each name √(3/30) = 0.32.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import sqrt

from squall.entities.linking import vocabulary

_ASIDE = 0.8
_BODY, _DEPTH, _OFTEN = 0.6, 0.3, 0.2
_TITLE_NAMES, _BODY_NAMES = 3, 6
_LONGEST_TITLE = 300
_CLAUSE = 200


def title_end(text: str, title_length: int) -> int:
    """Return where the title ends; where the caller does not know (0), the first line of the text, or of a long one its first sentence."""
    if title_length > 0:
        return min(title_length, len(text))
    line = text.find("\n", 0, _LONGEST_TITLE)
    if line > 0:
        return line
    if len(text) <= _LONGEST_TITLE:
        return len(text)
    stop = text.rfind(". ", 0, _CLAUSE)
    return stop + 1 if stop > 0 else _CLAUSE


def is_aside(text: str, start: int, before: Sequence[str]) -> bool:
    """Whether a name stands in a subordinate place: in brackets, or after "as", "like", "rival" and such.

    Args:
        text: as given.
        start: of the name.
        before: folded words before it, the nearest first.
    """
    if before and before[0] in vocabulary.ASIDE_BEFORE:
        return True
    return start > 0 and text[start - 1] == "("


def relevance(occurrences: Sequence[tuple[str, int, bool]], title: int, length: int) -> dict[str, float]:
    """Return the relevance of each subject.

    Args:
        occurrences: (entity, start, whether in an aside) in the order of the text.
        title: where the title ends.
        length: of the text.
    """
    counts = Counter(entity for entity, _, _ in occurrences)
    if not counts:
        return {}
    most = max(counts.values())
    first: dict[str, int] = {}
    in_title: dict[str, float] = {}
    for entity, start, aside in occurrences:
        first.setdefault(entity, start)
        if start < title:
            in_title[entity] = max(in_title.get(entity, 0.0), _ASIDE if aside else 1.0)
    crowd_title = min(1.0, sqrt(_TITLE_NAMES / len(in_title))) if in_title else 1.0
    crowd = min(1.0, sqrt(_BODY_NAMES / len(counts)))
    body = max(1, length - title)
    return {
        entity: round(
            in_title[entity] * crowd_title
            if entity in in_title
            else (_BODY - _DEPTH * min(1.0, (start - title) / body) + _OFTEN * counts[entity] / most) * crowd,
            4,
        )
        for entity, start in first.items()
    }

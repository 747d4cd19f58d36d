"""Names that are certain enough to learn from: companies of a table, places, and persons by their given names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from squall.model.data.mentions.words import OrdinaryWords, Word, listed, words_of
from squall.model.data.tables import read_table
from squall.model.spans import Span

_LEGAL_FORM = re.compile(
    r"[,.]?\s+(?:inc|corp|corporation|co|company|ltd|limited|plc|llc|lp|ag|se|sa|s\.a|nv|n\.v|ab|asa|oyj|spa|s\.p\.a|kgaa|holdings?|group|the)\.?$",
    re.IGNORECASE,
)
_LEAST_LETTERS = 5
"""A company's name of one word that is shorter may be anything."""


@dataclass
class Gazetteer:
    """Names by their first word, in lower case.

    Args:
        ordinary: words that are no names by themselves.
    """

    ordinary: OrdinaryWords
    _names: dict[str, list[tuple[tuple[str, ...], str]]] = field(default_factory=dict)
    _given: frozenset[str] = frozenset()

    @classmethod
    def open(cls, companies: Path, ordinary: OrdinaryWords) -> Gazetteer:
        """Read the companies of a table with the columns `name` and `other_names` (`;` between them), and the lists beside this module.

        Raises:
            ConfigurationError: the table is missing or broken.
        """
        found = cls(ordinary, _given=frozenset(name.lower() for name in listed("given_names.txt")))
        found.add(listed("places.txt"), "LOC")
        found.add(listed("indices.txt"), "MISC")
        found.add(company_names(companies), "ORG")
        return found

    def add(self, names: Iterable[str], label: str) -> None:
        """Add names; a company's name of one word only if it is long and no ordinary word. What was there before stays."""
        for name in names:
            words = tuple(word.text.lower() for word in words_of(name))
            if label == "ORG" and not self._is_distinct(words):
                continue
            if words and not any(words == known for known, _ in self._names.get(words[0], ())):
                self._names.setdefault(words[0], []).append((words, label))

    def find(self, words: Sequence[Word]) -> list[Span]:
        """Return the names among the words of a text, longest first where they overlap, sorted."""
        lower = [_stem(word.text) for word in words]
        found: list[Span] = []
        at = 0
        while at < len(words):
            length, label = self._longest(words, lower, at)
            if length:
                last = words[at + length - 1]
                found.append(Span(words[at].start, last.start + len(lower[at + length - 1]), label))
            at += max(1, length)
        return found

    def _longest(self, words: Sequence[Word], lower: Sequence[str], at: int) -> tuple[int, str]:
        if not words[at].capitalised:
            return 0, ""
        best = (0, "")
        for name, label in self._names.get(lower[at], ()):
            stop = at + len(name)
            written = all(word.capitalised or word.text in _JOINING for word in words[at:stop])
            certain = label != "ORG" or len(name) > 1 or _stands_alone(words, at)
            if len(name) > best[0] and tuple(lower[at:stop]) == name and written and certain:
                best = (len(name), label)
        if best[0] < 2 and lower[at] in self._given and at + 1 < len(words):
            surname = words[at + 1]
            beside = words[at].end + 1 == surname.start
            if beside and surname.capitalised and surname.text.istitle() and surname.text not in self.ordinary:
                return 2, "PER"
        return best

    def _is_distinct(self, words: tuple[str, ...]) -> bool:
        if len(words) == 1:
            return len(words[0]) >= _LEAST_LETTERS and words[0] not in self.ordinary and words[0] not in self._given
        return any(word not in self.ordinary for word in words)


def _stands_alone(words: Sequence[Word], at: int) -> bool:
    """Whether no capitalised word is beside the one at `at`: "University of Phoenix Brings" names no company Phoenix."""
    before = at > 0 and words[at - 1].end + 1 == words[at].start and words[at - 1].capitalised
    after = at + 1 < len(words) and words[at].end + 1 == words[at + 1].start and words[at + 1].capitalised
    return not before and not after


_JOINING = frozenset({"of", "and", "the", "de", "&"})


def company_names(path: Path) -> list[str]:
    """Return the names in a table of companies, with and without their legal form."""
    table = read_table(path)
    found: dict[str, None] = {}
    for name, others in zip(table["name"].tolist(), table["other_names"].tolist(), strict=True):
        for spelling in (name, *str(others or "").split(";")):
            if spelling.strip():
                found[spelling.strip()] = None
                found[short_name(spelling)] = None
    return list(found)


def short_name(name: str) -> str:
    """Return a company's name without its legal form: "Apple Inc." → "Apple"."""
    name = name.strip()
    for _ in range(3):
        shorter = _LEGAL_FORM.sub("", name)
        if shorter == name or len(shorter) < 2:
            break
        name = shorter
    return name.rstrip(" ,.&")


def _stem(word: str) -> str:
    return word.lower().removesuffix("'s").removesuffix("’s")

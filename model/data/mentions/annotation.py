"""What is known of a text's names: those that its set annotates, those that are certain, and the stretches that nobody has judged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from squall.model.data.mentions.gazetteer import Gazetteer
from squall.model.data.mentions.words import OrdinaryWords, Word, words_of
from squall.model.data.tables import read_table
from squall.model.spans import UNKNOWN, Span

_SPEAKER_SHARE = 0.5
"""A speaker's name, "…: Sandeep Wagle", stands in the later part of a headline."""


@dataclass(frozen=True)
class NameAnnotator:
    """Labels the names of texts in which a set annotates some of the entities, or none.

    SEntFiN and FinEntity annotate what somebody may trade or regulate: companies, but also gold, the rupee, a sector. A name that they
    leave out is a name all the same, so an unannotated word is outside a name only if it is an ordinary word; any other capitalised word
    stays `UNKNOWN`, and nothing is learnt from it.

    Args:
        gazetteer: names that are certain.
        companies: names that a set calls companies, in lower case, though they may be ordinary words ("Idea").
    """

    gazetteer: Gazetteer
    companies: frozenset[str] = frozenset()

    def names(self, text: str, annotated: Sequence[Span]) -> tuple[Span, ...]:
        """Return the spans of the task `names`, sorted, apart.

        Args:
            text: the text.
            annotated: spans of its annotated entities, sorted, apart; their labels are not looked at.
        """
        return self._around(text, [span for span in (self._entity(text, span) for span in annotated) if span], annotated)

    def completed(self, text: str, known: Sequence[Span]) -> tuple[Span, ...]:
        """Return `known` spans of the task `names`, those that are certain beside them, and the stretches that nobody has judged."""
        return self._around(text, list(known), known)

    def _around(self, text: str, found: list[Span], annotated: Sequence[Span]) -> tuple[Span, ...]:
        words = words_of(text)
        taken = [*annotated]
        for span in [*self._certain(words), *self._speakers(text, words)]:
            if not any(span.start < other.end and span.end > other.start for other in taken):
                found.append(span)
                taken.append(span)
        found += self._unjudged(text, words, taken)
        return merged(sorted(found))

    def _certain(self, words: Sequence[Word]) -> list[Span]:
        """The gazetteer's names; a place right before another name may be its beginning: "Malaysia Airlines"."""
        beginnings = {word.start - 1 for word in words if word.capitalised and word.text not in self.gazetteer.ordinary}
        found = self.gazetteer.find(words)
        return [span._replace(label=UNKNOWN) if span.label == "LOC" and span.end in beginnings else span for span in found]

    def _entity(self, text: str, span: Span) -> Span | None:
        """The annotated entity as a name; None where it is an ordinary word."""
        written = text[span.start : span.end]
        words = words_of(written)
        inside = self.gazetteer.find(words)
        if len(inside) == 1 and inside[0].end - inside[0].start >= len(written.removesuffix("'s")):
            return span._replace(label=inside[0].label)
        if written.lower() in self.companies:
            return span._replace(label="ORG")
        if all(word.text in self.gazetteer.ordinary for word in words):
            return None
        if (inside and inside[0].label != "ORG") or not words or not words[-1].capitalised or not words[0].capitalised:
            return span._replace(label=UNKNOWN)  # "Kotak stocks", "China shares", "10-year US bond"
        if words[-1].text in self.gazetteer.ordinary and words[-1].text.lower() in _KINDS:
            return span._replace(label=UNKNOWN)
        return span._replace(label="ORG")

    def _speakers(self, text: str, words: Sequence[Word]) -> list[Span]:
        """ "…: Sandeep Wagle" and "…: Avinash Gorakshekar, Anagram Capital": who said it."""
        found = []
        for at, (colon, first) in enumerate(pairwise(words)):
            if ":" not in text[colon.end : first.start] or first.start < len(text) * _SPEAKER_SHARE or at + 3 > len(words):
                continue
            second = words[at + 2]
            after = text[second.end : second.end + 2]
            alone = text[first.end : second.start] == " " and (not after.strip() or after.startswith(","))
            if alone and all(word.text.istitle() and word.text not in self.gazetteer.ordinary for word in (first, second)):
                found.append(Span(first.start, second.end, "PER"))
        return found

    def _unjudged(self, text: str, words: Sequence[Word], taken: Sequence[Span]) -> list[Span]:
        found = []
        for word in words:
            if any(word.start < span.end and word.end > span.start for span in taken):
                continue
            tag = word.start > 0 and text[word.start - 1] in "$#@<" and any(map(str.isalpha, word.text))
            if tag or (word.capitalised and word.text not in self.gazetteer.ordinary):
                found.append(Span(word.start, word.end, UNKNOWN))
        return found


_KINDS = frozenset({"stocks", "shares", "stock", "share", "index", "bonds", "futures", "markets", "market", "sector", "dollar", "currency"})


def merged(spans: Sequence[Span]) -> tuple[Span, ...]:
    """Return sorted spans with overlapping ones as one `UNKNOWN` stretch."""
    found: list[Span] = []
    for span in spans:
        if found and span.start < found[-1].end:
            found[-1] = Span(found[-1].start, max(found[-1].end, span.end), UNKNOWN)
        else:
            found.append(span)
    return tuple(found)


def annotator(folder: Path, texts: Sequence[str]) -> NameAnnotator:
    """Return the annotator for the public sets in `folder`, which learns from `texts` what ordinary words are.

    Raises:
        ConfigurationError: the table of companies or SEntFiN's list of entities is missing or broken.
    """
    ordinary = OrdinaryWords.of(texts)
    gazetteer = Gazetteer.open(folder / "companies" / "companies.csv.gz", ordinary)
    companies = listed_companies(folder / "sentfin" / "entity_list_comprehensive.csv")
    return NameAnnotator(gazetteer, companies)


def listed_companies(path: Path) -> frozenset[str]:
    """Return the names, in lower case, of the entities in SEntFiN's list that have a legal form among their names."""
    found: set[str] = set()
    for names in read_table(path)["Entity"].tolist():
        spellings = [name.strip() for name in str(names).split(", ")]
        if any(name.endswith(("Ltd.", "Ltd", "Limited", "Corp.", "Inc.")) for name in spellings):
            found.update(name.lower() for name in spellings)
    return frozenset(found)

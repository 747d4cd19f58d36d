"""Judges what a linker found against the hand-labelled files of tests/data. Pure: takes labels and findings, gives counts.

A finding is an object as `squall model score --json` writes them under `entities`, or a `Link` of the linker (`found`).
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tests.support.entities_truth import AboutText, AmbiguousName, FreeName

ORGANISATIONS = ("company", "organisation", "found")
"""Kinds that claim to be a company, or could."""
SUBJECTS = (*ORGANISATIONS, "country", "central_bank", "person")
"""Kinds of which `who_is_it_about.jsonl` has all names."""
SUBJECT = "subject"
_TONES = ("negative", "neutral", "positive")
_Z = 1.959964  # of a normal distribution's middle 95%
# what companies put before or behind their names
_FORMS = frozenset(
    [
        *("ab", "ag", "asa", "bhd", "co", "company", "corp", "corporation", "group", "holding", "holdings", "inc", "incorporated"),
        *("limited", "llc", "lp", "ltd", "nv", "oyj", "plc", "publ", "sa", "se", "spa"),
    ]
)


class Finding(NamedTuple):
    """A name that was found.

    Args:
        start: its first character.
        end: the character after it.
        name: as users see it.
        symbols: tickers of the entity.
        kind: a value of `EntityKind`, or `found` where only the entity's id is known.
        tone: argmax of its probabilities; empty where there are none.
        known: whether it is in the table of names, and not one that the network found.
    """

    start: int
    end: int
    name: str
    symbols: tuple[str, ...] = ()
    kind: str = "company"
    tone: str = ""
    known: bool = True


class Rate(NamedTuple):
    """How many of how many."""

    hits: int
    trials: int

    @property
    def value(self) -> float:
        """NaN without trials."""
        return self.hits / self.trials if self.trials else math.nan

    @property
    def interval(self) -> tuple[float, float]:
        """95% score interval (Wilson 1927, Journal of the American Statistical Association 22, 209-212); (0, 1) without trials."""
        if not self.trials:
            return 0.0, 1.0
        share, trials = self.value, self.trials
        middle = share + _Z**2 / (2 * trials)
        half = _Z * math.sqrt(share * (1 - share) / trials + _Z**2 / (4 * trials**2))
        return max(0.0, (middle - half) / (1 + _Z**2 / trials)), min(1.0, (middle + half) / (1 + _Z**2 / trials))

    def __str__(self) -> str:
        low, high = self.interval
        return f"{self.value:.3f} [{low:.3f}, {high:.3f}] ({self.hits} of {self.trials})"


@dataclass(frozen=True)
class Verdict:
    """Rates by name, and a line for each error."""

    rates: dict[str, Rate]
    errors: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return "\n".join([*(f"{name:<42} {rate}" for name, rate in self.rates.items()), *self.errors])


def found(entity: Any) -> Finding:
    """A finding, from an object of the JSON or from a `Link`.

    Raises:
        ValueError: it has no place in the text.
    """
    get = entity.get if isinstance(entity, Mapping) else lambda name, default=None: getattr(entity, name, default)
    start, end = get("start"), get("end")
    if start is None or end is None:
        raise ValueError(f"{entity!r} has no start and end")
    probabilities = [get(f"p_{tone}") for tone in _TONES]
    tone = "" if None in probabilities else _TONES[max(range(3), key=lambda index: float(probabilities[index]))]
    prefix = str(get("entity") or "").partition(":")[0].replace("-", "_")
    symbols = tuple(map(str, get("symbols") or ()))
    return Finding(int(start), int(end), str(get("name")), symbols, str(get("kind") or prefix), tone, known=prefix != "found")


def judge_ambiguous(truths: Sequence[AmbiguousName], findings: Sequence[Sequence[Finding]]) -> Verdict:
    """Whether an ambiguous word was taken for a company where it is one, and for the right one.

    A company or organisation that overlaps the word counts: it is right if it is the expected one. One that the word is only a part of
    (Madison Square Garden) is neither right nor wrong, and so is a longer name that the network found around a word that is no company
    (Harrison Ford), since the JSON does not tell whether that is a person. Countries, persons and places are not counted.
    """
    right, claimed, errors = 0, 0, []
    for truth, there in zip(truths, findings, strict=True):
        over = [finding for finding in there if finding.kind in ORGANISATIONS and _overlap(finding, (truth.start, truth.end))]
        names = truth.expected if truth.is_company else truth.part_of
        good = [finding for finding in over if _known_as(finding, names, truth.tickers)]
        bad = [finding for finding in over if finding not in good and (truth.is_company or _claims(finding, truth.name))]
        claimed += bool(bad) or (bool(good) and truth.is_company)
        right += bool(good) and not bad and truth.is_company
        errors += [f"{truth.id}: {_shown(truth)} was taken for {finding.name}" for finding in bad]
        if truth.is_company and not over:
            errors.append(f"{truth.id}: {_shown(truth)} was not found")
    return Verdict({"precision": Rate(right, claimed), "recall": Rate(right, sum(truth.is_company for truth in truths))}, errors)


def judge_subjects(truths: Sequence[AboutText], findings: Sequence[Sequence[Finding]]) -> Verdict:
    """Whether what the text is about was found, and what merely appears was left out.

    Rates: `subjects` (recall), `precision` of findings on labelled names, for each role the share that was rightly left out, and `named`,
    the share of findings that are on a labelled name at all. Undecided names are left aside. Only kinds in `SUBJECTS` count.
    """
    counts: Counter[tuple[str, bool]] = Counter()
    on_name, total, errors = 0, 0, []
    for truth, there in zip(truths, findings, strict=True):
        there = [finding for finding in there if finding.kind in SUBJECTS]
        for name in truth.names:
            hit = any(_overlap(finding, span) for finding in there for span in name.spans)
            counts[name.role, hit] += 1
            if hit != (name.role == SUBJECT) and name.role != "undecided":
                what = "taken as a subject" if hit else "not found"
                errors.append(f"{truth.id}: {name.name} ({name.role}) was {what}: {truth.text[:90]}")
        for finding in there:
            total += 1
            if any(_overlap(finding, span) for name in truth.names for span in name.spans):
                on_name += 1
            else:
                errors.append(f"{truth.id}: {finding.name} ({finding.kind}) is no name that was labelled: {truth.text[:90]}")
    others = sorted({role for role, _ in counts} - {SUBJECT, "undecided"})
    hits, wrong = counts[SUBJECT, True], sum(counts[role, True] for role in others)
    rates = {"subjects": Rate(hits, hits + counts[SUBJECT, False]), "precision": Rate(hits, hits + wrong)}
    rates |= {f"left out: {role}": Rate(counts[role, False], counts[role, False] + counts[role, True]) for role in others}
    return Verdict(rates | {"named": Rate(on_name, total)}, errors)


def toned_names(truth: AboutText) -> list[str]:
    """Names of a text towards which the tone is labelled, in their order."""
    return [name.name for name in truth.names if name.tone]


def judge_tones(truths: Sequence[AboutText], tones: Sequence[Sequence[str]]) -> Verdict:
    """Whether the tone is right towards each of `toned_names`; `tones` are in their order, empty where the name was not found."""
    counts: Counter[tuple[str, bool]] = Counter()
    errors = []
    for truth, given in zip(truths, tones, strict=True):
        for name, tone in zip([name for name in truth.names if name.tone], given, strict=True):
            counts[name.tone, tone == name.tone] += 1
            if tone != name.tone:
                errors.append(f"{truth.id}: {name.name} is {tone or 'not found'}, not {name.tone}: {truth.text[:90]}")
    rates = {"accuracy": Rate(sum(n for (_, hit), n in counts.items() if hit), sum(counts.values()))}
    return Verdict(rates | {tone: Rate(counts[tone, True], counts[tone, True] + counts[tone, False]) for tone in _TONES}, errors)


def tones_found(truth: AboutText, there: Sequence[Finding]) -> list[str]:
    """Tones of a linker's findings towards `toned_names`: of the first that overlaps the name; empty where none does."""
    return [
        next((finding.tone for finding in there if any(_overlap(finding, span) for span in name.spans)), "")
        for name in truth.names
        if name.tone
    ]


def judge_free_names(truths: Sequence[FreeName], spans: Sequence[Sequence[tuple[int, int]]]) -> Verdict:
    """Whether names that no table has were found: `spans` are first and past-the-end characters of each text's names.

    Rates: `found` (a span overlaps the name), `exact` (a span is the name), and `found` by how the name is written.
    """
    counts: Counter[tuple[str, bool]] = Counter()
    errors = []
    for truth, there in zip(truths, spans, strict=True):
        hit = any(start < truth.end and end > truth.start for start, end in there)
        exact = (truth.start, truth.end) in set(there)
        for group, value in (("found", hit), ("exact", exact), (f"found: {_case(truth)}", hit), (f"exact: {_case(truth)}", exact)):
            counts[group, value] += 1
        if not exact:
            seen = [truth.text[start:end] for start, end in there]
            errors.append(f"{truth.id}: {truth.name} is {'cut' if hit else 'not'} found: {seen} in {truth.text[:90]}")
    return Verdict({group: Rate(counts[group, True], counts[group, True] + counts[group, False]) for group, _ in sorted(counts)}, errors)


def same_name(one: str, other: str) -> bool:
    """Whether two names differ by case, accents, punctuation and legal forms only, or the shorter has two words and begins the longer."""
    short, long = sorted((_words(one), _words(other)), key=len)
    return bool(short) and (short == long or (len(short) > 1 and long[: len(short)] == short))


def _words(name: str) -> list[str]:
    plain = "".join(letter for letter in unicodedata.normalize("NFKD", name.casefold()) if not unicodedata.combining(letter))
    words = [word for word in re.split(r"[^\w&]+", re.sub(r"['’]s?\b|[.'’]", "", plain)) if word]
    while len(words) > 1 and words[0] == "the":
        words = words[1:]
    while len(words) > 1 and words[-1] in _FORMS | {"&"}:
        words = words[:-1]
    return words


def _known_as(finding: Finding, names: Iterable[str], tickers: Sequence[str]) -> bool:
    return any(same_name(finding.name, name) for name in names) or not set(finding.symbols).isdisjoint(tickers)


def _claims(finding: Finding, word: str) -> bool:
    """Whether it says that the word by itself is a company."""
    return finding.known or _words(finding.name) == _words(word)


def _overlap(finding: Finding, span: tuple[int, int]) -> bool:
    return finding.start < span[1] and finding.end > span[0]


def _shown(truth: AmbiguousName) -> str:
    before, after = truth.text[max(0, truth.start - 40) : truth.start], truth.text[truth.end : truth.end + 40]
    return f"{before}[{truth.name}]{after}".replace("\n", " ")


def _case(truth: FreeName) -> str:
    written = truth.text[truth.start : truth.end]
    if written.islower():
        return "lower case"
    return "capitals" if truth.text.isupper() else "mixed case"

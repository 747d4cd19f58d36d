"""Tickers as candidates, and what they prove of the names beside them."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from squall.core.records import EntityKind
from squall.entities.catalogue.catalogue import Catalogue
from squall.entities.catalogue.common_words import is_common
from squall.entities.entity import Entity
from squall.entities.linking import vocabulary
from squall.entities.linking.candidates import Candidate, ending_before
from squall.entities.linking.evidence import CERTAIN
from squall.entities.linking.folding import Folded
from squall.entities.linking.found_names import PREFIX, found_entity, found_symbol, trimmed
from squall.entities.linking.network_spans import NetworkSpans
from squall.entities.linking.place import Casing, Place, casing, place_of
from squall.entities.linking.tickers import Proof, TickerForm

_REACH = 24
"""Characters between a name and the ticker in brackets after it: a space, a legal form."""


@dataclass(frozen=True, slots=True)
class Ticker:
    """A ticker of a text, with whom it means.

    Args:
        candidate: the place and the entity.
        form: how it is written.
        certain: whether it links by itself; else only after a name of the same entity.
    """

    candidate: Candidate
    form: TickerForm
    certain: bool


def ticker_candidates(text: str, folded: Folded, forms: Iterable[TickerForm], catalogue: Catalogue) -> list[Ticker]:
    """Return whom each ticker means; one that no table knows means an entity of its own where its form is proof enough."""
    result = []
    for form in forms:
        known = catalogue.by_symbol(form.symbol)
        if known is None and form.proof is not Proof.FORM:
            continue
        entity = known or found_symbol(form.symbol.partition(".")[0] if form.symbol[-2:-1] == "." else form.symbol)
        if form.proof is Proof.BARE and not _may_be_bare(entity, form.symbol):
            continue
        if form.proof is Proof.LOOKS and form.symbol[-2:] in _CLASSES and form.symbol.replace("-", ".") not in entity.symbols:
            continue  # "AB.A" is not AB
        place = place_of(text, folded.text, form.start, form.end, *folded.position(form.start, form.end))
        if form.proof is Proof.BARE and not _is_traded(entity, place):
            continue
        certain = form.proof is Proof.FORM or not form.bracketed
        result.append(Ticker(Candidate(form.start, form.end, entity, CERTAIN, place), form, certain))
    return result


_CLASSES = frozenset({".A", ".B", "-A", "-B"})
_SURE_LETTERS, _SURE_SIZE, _LEAST_SIZE = 4, 5, 4
_FIGURE = re.compile(r" ?[:=]? ?[+\-–−]?\$?[0-9]")


def _may_be_bare(entity: Entity, symbol: str) -> bool:
    """Whether capitals alone can mean the company: its main American ticker, no word, no abbreviation of something else."""
    if entity.kind is not EntityKind.COMPANY or entity.size < _LEAST_SIZE or entity.symbols[0] != symbol:
        return False
    return not is_common(symbol) and symbol.lower() not in vocabulary.NOT_TICKERS


def _is_traded(entity: Entity, place: Place) -> bool:
    """Whether the text uses capitals as a ticker: of a large company four letters or more do; else a trade or a price beside them."""
    own = place.text[place.start : place.end]
    if casing(place.text, place.start, place.end) is Casing.UPPER:
        return False
    if len(own) >= _SURE_LETTERS and entity.size >= _SURE_SIZE:
        return True
    if place.after[:1] and place.after[0] in vocabulary.TRADED_AFTER:
        return True
    return (place.before[:1] != [] and place.before[0] in vocabulary.TRADED_BEFORE) or _FIGURE.match(place.text, place.end) is not None


def confirmed(
    text: str, folded: Folded, candidates: Sequence[Candidate], tickers: Iterable[Ticker], spans: NetworkSpans
) -> list[Candidate]:
    """Return the candidates after each ticker in brackets has confirmed the name before it, and the tickers that stand by themselves.

    "General Electric (NYSE: GE)" is one occurrence, of the entity that the ticker proves.

    Args:
        text: as given.
        folded: the same, folded.
        candidates: names, in the order of their ends.
        tickers: in the order of the text.
        spans: of the network: a name only it knows gets the ticker that follows.
    """
    ordered = sorted(candidates, key=lambda c: c.end)
    added: list[Candidate] = []
    covered: list[tuple[int, int]] = []
    for ticker in tickers:
        entity = ticker.candidate.entity
        if ticker.form.bracketed:
            same = [at for at in ending_before(ordered, ticker.form.opens, _REACH) if _is_before(text, ordered[at], ticker)]
            if same:
                longest = max(same, key=lambda at: ordered[at].end - ordered[at].start)
                ordered[longest] = replace(ordered[longest], entity=entity, points=max(ordered[longest].points, CERTAIN))
                covered.append((ticker.form.opens, ticker.form.closes))
                continue
            named = _network_name(text, folded, ticker, spans) if entity.id.startswith(PREFIX) else None
            if named is not None:
                added.append(named)
                covered.append((ticker.form.opens, ticker.form.closes))
                continue
        if ticker.certain:
            added.append(ticker.candidate)
            covered.append((ticker.form.opens, ticker.form.closes))
    return _outside(ordered, covered) + added


def _outside(candidates: Iterable[Candidate], covered: Sequence[tuple[int, int]]) -> list[Candidate]:
    """The candidates that don't begin within a ticker's form, whose exchange and symbol are names too; both are sorted."""
    ends = [end for _, end in covered]
    kept = []
    for candidate in candidates:
        at = bisect_right(ends, candidate.start)
        if at == len(covered) or candidate.end <= covered[at][0]:
            kept.append(candidate)
    return kept


def _is_before(text: str, candidate: Candidate, ticker: Ticker) -> bool:
    """Whether a name of the ticker's entity stands directly before the ticker."""
    form, entity = candidate.form, ticker.candidate.entity
    return (
        form is not None
        and any(known.id == entity.id for known in form.entities)
        and _only_fillers(text[candidate.end : ticker.form.opens])
    )


def _only_fillers(gap: str) -> bool:
    return all(word.strip(".,()").lower() in vocabulary.LEGAL_FORMS or not word.strip(".,()") for word in gap.split())


def _network_name(text: str, folded: Folded, ticker: Ticker, spans: NetworkSpans) -> Candidate | None:
    """The network's organisation directly before a ticker that no table knows: its name, with that symbol."""
    opens = ticker.form.opens
    span = spans.last_before(opens)
    if span is None or span[2] != "ORG" or opens - span[1] > _REACH or not _only_fillers(text[span[1] : opens]):
        return None
    start, end = trimmed(text, span[0], span[1])
    entity = found_entity(text[start:end], ticker.candidate.entity.kind, (ticker.form.symbol,))
    if entity is None or start >= end:
        return None
    return Candidate(start, end, entity, CERTAIN, place_of(text, folded.text, start, end, *folded.position(start, end)))

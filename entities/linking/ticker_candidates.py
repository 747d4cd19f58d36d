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
from squall.entities.linking.evidence import CERTAIN, THRESHOLD
from squall.entities.linking.exchange_marks import listings_at
from squall.entities.linking.folding import Folded
from squall.entities.linking.found.names import PREFIX, found_symbol
from squall.entities.linking.place import Casing, Place, casing, place_of
from squall.entities.linking.tickers import Proof, TickerForm, is_suffixed

_LISTED = frozenset({EntityKind.COMPANY, EntityKind.ORGANISATION})
_REACH = 24
"""Characters between a name and the ticker in brackets after it: a space, a legal form."""
_JOINT = 3
"""Characters between two tickers of a company."""


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
        known = _listed(form, catalogue)
        if known is None and form.proof is not Proof.FORM:
            continue
        entity = known or found_symbol(_own_symbol(form))
        if form.proof is Proof.BARE and not _may_be_bare(entity, form.symbol):
            continue
        if form.proof is Proof.LOOKS and form.symbol[-2:] in _CLASSES and form.symbol.replace("-", ".") not in entity.symbols:
            continue  # "AB.A" is not AB
        place = place_of(text, folded.text, form.start, form.end, *folded.position(form.start, form.end))
        if form.proof is Proof.BARE and not _is_traded(entity, place):
            continue
        certain = form.proof is Proof.FORM or not form.bracketed or form.with_exchange or is_suffixed(form.symbol)
        result.append(Ticker(Candidate(form.start, form.end, entity, CERTAIN, place), form, certain))
    return result


def _listed(form: TickerForm, catalogue: Catalogue) -> Entity | None:
    """Return whom a ticker means; at an exchange abroad who is listed there, else a company of that country with this ticker elsewhere."""
    exchange = form.exchange
    if exchange is None:
        return catalogue.by_symbol(form.symbol)
    for listing in listings_at(form.symbol, exchange):
        there = catalogue.by_symbol(listing)
        if there is not None:
            return there
    elsewhere = catalogue.by_symbol(form.symbol)
    return elsewhere if elsewhere is not None and elsewhere.country and elsewhere.country == exchange.country else None


def _own_symbol(form: TickerForm) -> str:
    """The ticker that an entity has which no table knows."""
    if form.exchange is not None:
        return listings_at(form.symbol, form.exchange)[0]
    return form.symbol.partition(".")[0] if form.symbol[-2:-1] == "." else form.symbol


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


def confirmed(text: str, names: Sequence[Candidate], found: Sequence[Candidate], tickers: Sequence[Ticker]) -> list[Candidate]:
    """Return the candidates after each ticker in brackets has confirmed the name before it, and the tickers that stand by themselves.

    "General Electric (NYSE: GE)" is one occurrence, of the entity that the ticker proves. The exchange and the symbol within a ticker's
    form are no names besides; what the network found there is none either where the ticker stands for nobody by itself: "(TSLA)".

    Args:
        text: as given.
        names: the dictionary's candidates.
        found: those of the network; one that no table knows gets the ticker that follows, if no table knows that either.
        tickers: in the order of the text.
    """
    if not tickers:
        return [*names, *found]
    ordered = sorted((*names, *found), key=lambda c: c.end)
    added: list[Candidate] = []
    covered: list[tuple[int, int]] = []
    last: tuple[int, str] | None = None
    for ticker in tickers:
        if last is not None and _is_second(text, ticker, *last):
            covered.append((ticker.form.opens, ticker.form.closes))
            last = (ticker.form.closes, last[1])
            continue
        if ticker.form.bracketed:
            same = [at for at in ending_before(ordered, ticker.form.opens, _REACH) if _is_before(text, ordered[at], ticker)]
            if same:
                longest = max(same, key=lambda at: ordered[at].end - ordered[at].start)
                ordered[longest] = _with_ticker(ordered[longest], ticker)
                covered.append((ticker.form.opens, ticker.form.closes))
                last = (ticker.form.closes, ordered[longest].entity.id)
                continue
        if ticker.certain:
            added.append(ticker.candidate)
            covered.append((ticker.form.opens, ticker.form.closes))
            last = (ticker.form.closes, ticker.candidate.entity.id)
    everywhere = [(ticker.form.opens, ticker.form.closes) for ticker in tickers]
    named = _outside((each for each in ordered if each.form is not None), covered)
    return named + _outside((each for each in ordered if each.form is None), everywhere) + added


def _outside(candidates: Iterable[Candidate], covered: Sequence[tuple[int, int]]) -> list[Candidate]:
    """The candidates that don't begin within a ticker's form, whose exchange and symbol are names too; both are sorted."""
    ends = [end for _, end in covered]
    kept = []
    for candidate in candidates:
        at = bisect_right(ends, candidate.start)
        if at == len(covered) or candidate.end <= covered[at][0]:
            kept.append(candidate)
    return kept


def _is_second(text: str, ticker: Ticker, closes: int, entity: str) -> bool:
    """Whether a ticker with its exchange is another one of the company whose ticker ends at `closes`: "(TSX: T; NYSE: TU)"."""
    form, meant = ticker.form, ticker.candidate.entity
    if not form.with_exchange or not closes <= form.opens <= closes + _JOINT:
        return False
    return (meant.id == entity or _is_own(meant)) and not text[closes : form.opens].strip(" ,;/|&")


def _is_before(text: str, candidate: Candidate, ticker: Ticker) -> bool:
    """Whether a name of the ticker's entity stands directly before the ticker.

    Before a ticker that no table knows that is any company whom the network found, or that links by itself: no table has every listing.
    """
    meant = ticker.candidate.entity
    if candidate.form is not None:
        same = any(known.id == meant.id for known in candidate.form.entities)
        same = same or (_is_own(meant) and candidate.entity.kind in _LISTED and candidate.points >= THRESHOLD)
    else:
        same = candidate.entity.id == meant.id or (_is_own(meant) and _is_own(candidate.entity) and candidate.entity.kind in _LISTED)
    return same and _only_fillers(text[candidate.end : ticker.form.opens])


def _with_ticker(candidate: Candidate, ticker: Ticker) -> Candidate:
    """`candidate`, of which the ticker is the proof; a name of no table gets its symbol."""
    entity = ticker.candidate.entity
    if _is_own(entity):
        if candidate.form is not None:
            return candidate
        entity = replace(candidate.entity, kind=entity.kind, listings=entity.listings)
    return replace(candidate, entity=entity, points=max(candidate.points, CERTAIN))


def _is_own(entity: Entity) -> bool:
    return entity.id.startswith(PREFIX)


def _only_fillers(gap: str) -> bool:
    return all(word.strip(".,()").lower() in vocabulary.LEGAL_FORMS or not word.strip(".,()") for word in gap.split())

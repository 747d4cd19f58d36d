"""Candidates: places in a text that may mean an entity, with the points that speak for it; and which of them stand."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from squall.core.records import EntityKind
from squall.entities.entity import Entity
from squall.entities.linking import vocabulary
from squall.entities.linking.dictionary import Match
from squall.entities.linking.evidence import CERTAIN, THRESHOLD, evidence, hopeless, network_points
from squall.entities.linking.folding import Folded, fold_name
from squall.entities.linking.forms.table import Form
from squall.entities.linking.network_spans import NetworkSpans
from squall.entities.linking.odds.odds import decides, odds
from squall.entities.linking.owners import entity_points
from squall.entities.linking.place import Place, place_of

_SURE = 2.5
"""From here on a name says enough by itself to decide what its short forms in the same text mean."""
_SAID_ELSEWHERE = 3.0


@dataclass(frozen=True, slots=True)
class Candidate:
    """A place that may mean an entity.

    Args:
        start: offset in the text.
        end: offset in the text.
        entity: who is meant.
        points: what speaks for it; see `squall.entities.linking.evidence`.
        place: what stands around it.
        form: the dictionary's form; None: a ticker, or a name of the network's.
    """

    start: int
    end: int
    entity: Entity
    points: float
    place: Place
    form: Form | None = None


def name_candidates(
    text: str, folded: Folded, matches: Iterable[Match], spans: NetworkSpans, symbols: frozenset[str], certain: Mapping[str, Entity]
) -> list[Candidate]:
    """Score the dictionary's matches.

    Args:
        text: as given.
        folded: the same, folded.
        matches: what the dictionary found.
        spans: of the network.
        symbols: of the document.
        certain: entities that a ticker in the text proves, by id.
    """
    found = []
    for begin, stop, form in matches:
        start, end = folded.span(begin, stop)
        if hopeless(form, form.entities[0].kind, text, start, end):
            continue
        place = place_of(text, folded.text, start, end, begin, stop)
        entity, points = meant(form, place, symbols, certain)
        said = spans.said_of(start, end) if spans.looked_at(start) else None
        if said is not None and said.is_rest and form.words > 1 and place.capital_before:
            continue
        seen = evidence(form, entity.kind, place)
        if decides(form, entity.kind, place, seen):
            tagged = entity.id in certain or not symbols.isdisjoint(entity.symbols)
            points = odds(form, entity, place, seen, tagged, said)
        else:
            points += sum(seen) + (network_points(form, entity.kind, said) if said else 0.0)
        found.append(Candidate(start, end, entity, points, place, form))
    return _said_elsewhere(found, certain)


def meant(form: Form, place: Place, symbols: frozenset[str], certain: Container[str]) -> tuple[Entity, float]:
    """Return the entity that a form means most probably, and the points that are its own; of equals the larger.

    Args:
        form: that stands at `place`.
        place: where.
        symbols: of the document.
        certain: ids of entities that a ticker in the text proves.
    """
    best, most = form.entities[0], -CERTAIN
    for entity in form.entities if len(form.entities) > 1 else (best,):
        points = entity_points(entity, form, place, symbols) + (CERTAIN / 2 if entity.id in certain else 0.0)
        if points > most:
            best, most = entity, points
    return best, most


def _said_elsewhere(found: list[Candidate], certain: Mapping[str, Entity]) -> list[Candidate]:
    """Raise the short and ambiguous forms of entities that the text names in full as well, or by a ticker."""
    full = {candidate.entity.id: candidate.entity for candidate in found if candidate.points >= _SURE}
    if not (full or certain):
        return found
    by_ticker, by_name = _by_main_word(certain.values()), _by_main_word(full.values())
    result = []
    for candidate in found:
        form = candidate.form
        if form is None or form.is_number:  # "888 Holdings … 888 people"
            result.append(candidate)
            continue
        own = next((entity for entity in form.entities if entity.id in full), None)
        other = None
        if form.common and form.words == 1 and candidate.entity.kind is EntityKind.COMPANY and candidate.entity.id not in certain:
            other = by_ticker.get(form.text) or (by_name.get(form.text) if own is None else None)
        meant = other or own
        if meant is None or (candidate.points >= _SURE and (other is None or other in form.entities)):
            result.append(candidate)
        else:
            result.append(replace(candidate, entity=meant, points=candidate.points + _SAID_ELSEWHERE))
    return result


def _by_main_word(entities: Iterable[Entity]) -> dict[str, Entity]:
    """Return the companies whose name is a word and general words, by that word: Viking Therapeutics by "viking"."""
    found: dict[str, Entity] = {}
    for entity in entities:
        main, _, rest = fold_name(entity.name).partition(" ")
        if entity.kind is EntityKind.COMPANY and rest and vocabulary.DESCRIPTORS.issuperset(rest.split()):
            found.setdefault(main, entity)
    return found


def standing(candidates: Iterable[Candidate], length: int) -> list[Candidate]:
    """Return the candidates that link: enough points, not overlapping, the longest first; sorted by start.

    Args:
        candidates: in any order.
        length: of the text.
    """
    enough = [candidate for candidate in candidates if candidate.points >= THRESHOLD]
    if len(enough) < 2:
        return enough
    enough.sort(key=lambda c: (-(c.end - c.start), -c.points, c.start, c.entity.id))
    taken = bytearray(length)
    kept = []
    for candidate in enough:
        if taken.find(1, candidate.start, candidate.end) < 0:
            taken[candidate.start : candidate.end] = b"\1" * (candidate.end - candidate.start)
            kept.append(candidate)
    kept.sort(key=lambda c: c.start)
    return kept


def ending_before(candidates: Sequence[Candidate], position: int, reach: int) -> list[int]:
    """Return the indices of the candidates that end within `reach` characters before `position`; `candidates` are sorted by end."""
    found = []
    at = bisect_right(candidates, position, key=lambda c: c.end) - 1
    while at >= 0 and candidates[at].end >= position - reach:
        found.append(at)
        at -= 1
    return found

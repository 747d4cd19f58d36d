"""The network's spans as candidates: those that a table knows as its entities, the others as entities of their own."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple

from squall.core.headline_marks import without_prefixes
from squall.core.records import EntityKind
from squall.entities.entity import Entity
from squall.entities.linking.candidates import Candidate
from squall.entities.linking.evidence import THRESHOLD, evidence
from squall.entities.linking.folding import Folded, fold_name
from squall.entities.linking.forms.table import Form
from squall.entities.linking.found.around_company import is_same_company
from squall.entities.linking.found.known import KnownNames
from squall.entities.linking.found.names import MOST_CHARS, PREFIX, found_entity, longer_names
from squall.entities.linking.found.not_names import is_no_name, is_ordinary
from squall.entities.linking.found.span_edges import is_cut, named_part, trimmed
from squall.entities.linking.network_spans import NamedSpan, NetworkSpans
from squall.entities.linking.odds.odds import decides, odds
from squall.entities.linking.place import Casing, begins_sentence, casing, place_of
from squall.entities.linking.roles.credits import Credits
from squall.entities.names import is_legal_form

_MARKS_REACH = 64
"""Characters of an agency's marks before a headline."""
_MODEL = 3
"""Digits of a number in a product's name; a year has more."""
_POINTS = THRESHOLD
"""A name that only the network knows stands wherever nothing better does."""
_KINDS = {"ORG": EntityKind.ORGANISATION, "PER": EntityKind.PERSON, "LOC": EntityKind.PLACE}
_HOUSES = frozenset({EntityKind.COMPANY, EntityKind.ORGANISATION, EntityKind.CENTRAL_BANK})
_THINGS = frozenset({EntityKind.CURRENCY, EntityKind.COMMODITY})
_BINDS = frozenset({"of", "for", "at", "in", "the", "de"})
"""Between two names, they make one of both: "Friends of Tesla"."""
_NEAREST = 4
"""Candidates before the end of a span that are looked at."""
_TIES = frozenset({"", "&", "'", "’", "_"})
"""Between two spans, they make one name of both."""


class _Name(NamedTuple):
    """A span that holds a name: from `start` to `end`; `entity`: whom it means, of its own where no table knows it."""

    start: int
    end: int
    kind: EntityKind
    found_id: str
    entity: Entity


def found_candidates(
    text: str, folded: Folded, spans: NetworkSpans, known: KnownNames, matched: Sequence[Candidate], credits: Credits
) -> list[Candidate]:
    """Return candidates for the network's organisations, people and places.

    A name that the dictionary has as it is written, and that needs context, is left to the rules, which have weighed it with the span.
    What no table knows is left out where it is no name (`not_names`), is cut from a word, belongs to a name that the rules found, or
    tells who wrote the text.

    Args:
        text: as given.
        folded: the same, folded.
        spans: of the network.
        known: looks names up.
        matched: the dictionary's candidates, with what the network says of them.
        credits: of the text.
    """
    names = [name for span in spans.spans if not credits.hold(span[0]) and (name := _name(text, span, known)) is not None]
    longer = longer_names((name.kind, name.found_id, name.entity) for name in names)
    matched = sorted(matched, key=lambda c: c.start)
    all_starts = [candidate.start for candidate in matched]
    standing = [candidate for candidate in matched if candidate.points >= THRESHOLD]
    starts = [candidate.start for candidate in standing]
    result = []
    for name in names:
        own = name.entity.id.startswith(PREFIX)
        entity = longer.get((name.kind, name.found_id), name.entity) if own else name.entity
        place = place_of(text, folded.text, name.start, name.end, *folded.position(name.start, name.end))
        candidate = Candidate(name.start, name.end, entity, _POINTS, place)
        if own and (_is_of_known(text, name, matched, all_starts) or _belongs(text, name, standing, starts)):
            continue
        if own and entity is name.entity and not _stands_alone(candidate, name.kind, spans):
            continue
        result.append(candidate)
    return result


def _name(text: str, span: NamedSpan, known: KnownNames) -> _Name | None:
    """Whom a span names; None where it names nobody, or the rules alone decide."""
    kind = _KINDS.get(span[2])
    if kind is None or span[1] - span[0] > 2 * MOST_CHARS:
        return None
    whole = trimmed(text, span[0], span[1])
    start, end = named_part(text, *whole)
    for begin, stop in dict.fromkeys((whole, (start, end))):
        said = text[begin:stop]
        entities = known.of(said) if 0 < len(said) <= MOST_CHARS and not is_cut(text, begin, stop) else ()
        if entities:
            form = known.form(said)
            fitting = next((entity for entity in entities if _may_be(entity.kind, kind)), None)
            if fitting is None or (form is not None and (form.common or form.acronym or form.derived)):
                return None
            would_be = found_entity(said, kind)
            return _Name(begin, stop, kind, would_be.id if would_be else "", fitting)
    said = text[start:end]
    if not said or is_no_name(said) or is_cut(text, start, end) or _is_exchange(text, start, end) or _is_model(text, start, end):
        return None
    entity = found_entity(said, kind)
    return _Name(start, end, kind, entity.id, entity) if entity is not None and len(said) <= MOST_CHARS else None


def _may_be(known: EntityKind, found: EntityKind) -> bool:
    """Whether a name of the catalogue's kind can be what the network calls an organisation, a person, a place."""
    if found is EntityKind.PERSON:
        return known is EntityKind.PERSON
    if found is EntityKind.PLACE:
        return known in {EntityKind.COUNTRY, EntityKind.PLACE, EntityKind.ORGANISATION}
    return known is not EntityKind.PERSON and known not in _THINGS


def _stands_alone(candidate: Candidate, kind: EntityKind, spans: NetworkSpans) -> bool:
    """Whether an ordinary word is a name where it stands, as it would have to be if a company of unknown size in the catalogue had it.

    Without a capital that proves something it is none, whatever stands around: "Steelmaker cuts jobs" is said as of a company.
    """
    place = candidate.place
    text, start, end = place.text, candidate.start, candidate.end
    said = text[start:end]
    if not is_ordinary(said):
        return True
    in_sentence = casing(text, start, end) is Casing.SENTENCE and not begins_sentence(text, start)
    if kind is EntityKind.PERSON or not (in_sentence and said[0].isupper()):
        return False
    company = replace(candidate.entity, kind=EntityKind.COMPANY)
    form = Form(fold_name(said), (company,), 1, common=True, acronym=False, derived=False)
    seen = evidence(form, company.kind, place)
    if sum(seen) < THRESHOLD or not decides(form, company.kind, place, seen):
        return sum(seen) >= THRESHOLD
    return odds(form, company, place, seen, False, spans.said_of(candidate.start, candidate.end)) >= THRESHOLD


def _belongs(text: str, name: _Name, standing: Sequence[Candidate], starts: Sequence[int]) -> bool:
    """Whether a span is part of a name that the rules found, covers part of it, or touches it."""
    at = bisect_left(starts, name.end)
    for other in standing[max(0, at - _NEAREST) : at + 1]:
        if other.start < name.end and name.start < other.end:
            around = name.start <= other.start and other.end <= name.end and other.end - other.start < name.end - name.start
            if not around or is_legal_form(f"{text[name.start : other.start]} {text[other.end : name.end]}"):
                return True
            continue
        gap = text[other.end : name.start] if other.end <= name.start else text[name.end : other.start]
        if gap in _TIES or (gap == " " and name.kind is EntityKind.ORGANISATION and other.entity.kind in _HOUSES):
            return True
    return False


def _is_of_known(text: str, name: _Name, matched: Sequence[Candidate], starts: Sequence[int]) -> bool:
    """Whether a span is a company's name that the dictionary has, and what is none of it, or runs over several names.

    Several are "Coach owner Tapestry" and "Visa Cisco Intel"; "Hero Honda" may be one. Whether the company is meant, the rules decide.
    """
    if name.kind is not EntityKind.ORGANISATION:
        return False
    at = bisect_left(starts, name.end)
    inside = [
        other
        for other in matched[max(0, at - _NEAREST) : at]
        if name.start <= other.start and other.end <= name.end and other.end - other.start < name.end - name.start
    ]
    if any(
        other.entity.kind is EntityKind.COMPANY and is_same_company(text, name.start, other.start, other.end, name.end) for other in inside
    ):
        return True
    names = [other for other in inside if other.entity.kind in _HOUSES]
    if not any(other.points >= THRESHOLD for other in names):
        return False
    between = [text[one.end : other.start].split() for one, other in pairwise(names) if one.end <= other.start]
    return len(between) > 1 or any(any(word.isalpha() and word.lower() not in _BINDS for word in words) for words in between)


def _is_model(text: str, start: int, end: int) -> bool:
    """Whether a span is the word behind a number in a product's name: `MAX` of "the 737 MAX", not `Kodak` of "UPDATE 1-Kodak files"."""
    if " " in text[start:end] or text[start - 1 : start] not in {" ", "-"}:
        return False
    line = text.rfind("\n", max(0, start - _MARKS_REACH), start) + 1
    if start - line < _MARKS_REACH and not without_prefixes(text[line:start]):
        return False
    before = text[max(0, start - _MODEL - 2) : start - 1]
    digits = len(before) - len(before.rstrip("0123456789"))
    return 0 < digits <= _MODEL and before[-digits - 1 : -digits] in {"", " "}


def _is_exchange(text: str, start: int, end: int) -> bool:
    """Whether a span is the exchange or the symbol of a ticker in brackets: "(CNSX: ABC)"."""
    if text[start - 1 : start] == "(" and text[end : end + 1] == ":":
        return True
    if text[end : end + 1] != ")":
        return False
    opens = text.rfind("(", max(0, start - 24), start)
    return opens >= 0 and text[start - 2 : start].strip().endswith(":") and text[opens + 1 : start].strip(" :").replace(" ", "").isalnum()

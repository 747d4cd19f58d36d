"""What speaks for it that something grave happened to a name, weighed together to one score.

The weights were chosen on the headlines of 2012, among some hundred sets of round numbers that did nearly as well (docs/backtesting.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from math import log1p
from typing import Final

from squall.alerts.detection.names.evidence import RECURS, Evidence
from squall.alerts.detection.names.history import Said
from squall.alerts.detection.names.reading import Name
from squall.core.gravity.levels import LIMITS
from squall.core.records import EntityKind

_NEW: Final = 0.5
_WRITTEN: Final = 0.5
_ADVERSE: Final = 0.2
"""A unit of −log10 p, of what is new, of all that is written, and of adverse documents;"""
_MOST_STRENGTH: Final = 8.0
"""beyond which more of it says nothing more."""
_GRAVEST: Final = 3.0
_SECOND: Final = 1.0
"""Severity of the gravest document and of the next,"""
_FLASH: Final = 4.0
_FLASH_LIMIT: Final = 0.6
_FLASH_NOVELTY: Final = 0.5
"""and of one document past the limit that says something new: one can be enough."""
_NEGATIVE: Final = 0.7
"""Mean probability that a document is negative towards the name."""
_SIZE: Final = 0.25
"""A step of a company's size, from 0 (unknown) to 6."""
_KNOWN: Final = 0.15
_MOST_KNOWN: Final = 4.0
"""The logarithm of documents about a company or organisation in the past: whom many write about, many follow."""
_EVENTS: Final = dict.fromkeys(("insolvency", "fraud", "accident", "cyber", "outage", "regulator", "market_crash"), 0.7)
_EVENTS.update(dict.fromkeys(("results", "executive", "rating_cut"), 0.5))
"""What happened, by an adverse document."""
_KINDS: Final = {
    EntityKind.COMPANY: 0.0,
    EntityKind.ORGANISATION: 0.0,
    EntityKind.COUNTRY: -1.0,
    EntityKind.PLACE: -1.0,
    EntityKind.PERSON: -1.5,
}
_OTHER_KIND: Final = -2.0
"""Crises of companies are what is asked for; texts name countries and places beside them."""


def weigh(name: Name, evidence: Evidence, said: Said, told: Sequence[Said], past: int) -> float:
    """Return the score of a name after `said`.

    Args:
        name: whom it is about.
        evidence: what the numbers say.
        said: the document that came.
        told: what was said in the last half day, retellings too.
        past: documents about the name in the time before.
    """
    grave = sorted((row.severity for row in told if row.novelty >= RECURS), reverse=True)
    happened = {event for row in told if row.severity >= LIMITS[0] and row.novelty >= RECURS for event in row.events}
    score = _KINDS.get(name.kind, _OTHER_KIND)
    score += _NEW * min(evidence.new.strength, _MOST_STRENGTH) + _WRITTEN * min(evidence.written.strength, _MOST_STRENGTH)
    score += _ADVERSE * min(evidence.adverse, _MOST_STRENGTH)
    score += _GRAVEST * (grave[0] if grave else 0.0) + _SECOND * (grave[1] if len(grave) > 1 else 0.0)
    if said.novelty > _FLASH_NOVELTY:
        score += _FLASH * max(0.0, said.severity - _FLASH_LIMIT)
    score += _NEGATIVE * sum(row.p_negative for row in told) / max(1, len(told))
    if name.kind is EntityKind.COMPANY:
        score += _SIZE * max(0, name.size)
    if name.kind in {EntityKind.COMPANY, EntityKind.ORGANISATION}:
        score += _KNOWN * min(log1p(past), _MOST_KNOWN)
    by_kind = {_EVENTS.get(event, 0.0) for event in happened}
    return score + sum(by_kind)

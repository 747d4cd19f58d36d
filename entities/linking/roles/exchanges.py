"""Exchanges as the place where others are traded: "NYSE-listed", "suspended by Deutsche Boerse"; not "Nasdaq to buy Adenza"."""

from __future__ import annotations

from squall.core.records import EntityKind
from squall.entities.linking import vocabulary
from squall.entities.linking.candidates import Candidate

_ISSUERS = frozenset({EntityKind.COMPANY, EntityKind.ORGANISATION})
_ACTS_WITHIN = 5
_SEGMENT = 16
"""Characters after an exchange's name within which the colon before a ticker stands: "(NYSE Arca: $OCEN)"."""
_BRACKET = 40
"""Characters before it within which the bracket opens: "(NSE: INFY, BSE: 500209)"."""
_TRADED_WITHIN = 6
_TELLS = frozenset({"tells", "told", "informs", "informed", "notifies", "notified", "intimates"})
_TO = frozenset({"to", "with"})


def trades(candidate: Candidate, following: Candidate | None, others: bool) -> bool:
    """Return whether an exchange is named for what is traded on it.

    Args:
        candidate: its name.
        following: the next name of the text.
        others: whether the text has another.
    """
    place = candidate.place
    before = place.before[1:] if place.before[:1] == ["the"] else place.before
    nearest = before[0] if before else ""
    after = place.after[0] if place.after else ""
    if after in vocabulary.EXCHANGE_AFTER or nearest == "on":
        return True
    opened = place.text[max(0, candidate.start - _BRACKET) : candidate.start].rpartition("(")
    if opened[1] and ")" not in opened[2] and ":" in place.text[candidate.end : candidate.end + _SEGMENT].partition(")")[0]:
        return True
    if not others or after in vocabulary.STRONG_AFTER:
        return False
    if nearest in _TELLS or (nearest in _TO and not vocabulary.FILINGS.isdisjoint(before[1:_TRADED_WITHIN])):
        return True
    if nearest in vocabulary.FROM_EXCHANGE and not vocabulary.TRADED_THERE.isdisjoint(before[1:_TRADED_WITHIN]):
        return True
    if following is None or following.entity.kind not in _ISSUERS or following.entity.id == candidate.entity.id:
        return False
    acts = candidate.place.after[:_ACTS_WITHIN]
    if not vocabulary.DELISTS.isdisjoint(acts):
        return True
    said = candidate.place.text[candidate.end : following.start + _ACTS_WITHIN * 16].lower()
    return acts[:1] != [] and acts[0] in vocabulary.WARNS and "delist" in said

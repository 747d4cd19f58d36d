"""Mentions for storage tests."""

from __future__ import annotations

from typing import Any

from squall.core.records import SENTIMENTS, EntityKind, Mention, ScoredDocument
from tests.integration.storage.samples import scored


def mention(entity: str, start: int = 0, *, tone: str = "negative", first: bool = True, certainty: float = 0.8, **fields: Any) -> Mention:
    """Return an occurrence of a name of six letters."""
    p = dict.fromkeys(SENTIMENTS, (1 - certainty) / 2) | {tone: certainty}
    values: dict[str, Any] = {
        "entity": entity,
        "kind": EntityKind.COMPANY,
        "name": entity.partition(":")[2].replace("-", " ").title(),
        "symbols": (),
        "start": start,
        "end": start + 6,
        "first": first,
        "relevance": 0.5,
        **{f"p_{name}": value for name, value in p.items()},
    }
    return Mention(**(values | fields))


def naming(number: int, *mentions: Mention | str, catalogue: str = "c1", **fields: Any) -> ScoredDocument:
    """Return a scored document with these mentions; a string is an entity's id, mentioned negatively."""
    found = tuple(mention(each, 10 * place) if isinstance(each, str) else each for place, each in enumerate(mentions))
    return scored(number, **fields).model_copy(update={"mentions": found, "catalogue_version": catalogue})

"""A name for what is known of entities."""

from __future__ import annotations

from collections.abc import Iterable

import xxhash

from squall.entities.entity import Entity


def version_of(entities: Iterable[Entity]) -> str:
    """Return a name for what is known of `entities`: another one after any change of a name, ticker, size or kind."""
    digest = xxhash.xxh3_64()
    for entity in entities:
        digest.update(repr(entity).encode("utf-8", "replace"))
    return digest.hexdigest()

"""How large companies are, as the catalogue has it."""

from __future__ import annotations

from collections.abc import Callable

from squall.alerts.detection.names.watch import Sizes
from squall.entities.catalogue.catalogue import Catalogue


def catalogue_sizes(catalogue: Callable[[], Catalogue]) -> Sizes:
    """Return what tells how large a company is; `catalogue` is called for each, so that it may be another one by then."""

    def size_of(entity: str) -> int:
        known = catalogue().by_id(entity)
        return known.size if known else -1

    return size_of

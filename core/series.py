"""Names of the series that the detector watches (topics, and others besides them), and of its tests."""

from __future__ import annotations

from typing import Final

from squall.core.records import SeriesKind

MARKET: Final = "All topics"
"""The sum of all topics."""
SECTOR_PREFIX: Final = "Sector: "
SOURCE_PREFIX: Final = "Source: "
SYMBOL_PREFIX: Final = "$"

BURST: Final = "burst"
BURN: Final = "burn"
FLASH: Final = "flash"
"""The test of an alert that one document was enough for."""
NO_DATA: Final = "no data"
"""The test of an alert about a source that stopped."""


def kind_of(name: str) -> SeriesKind:
    """Return what kind of series a name stands for."""
    if name == MARKET:
        return SeriesKind.MARKET
    for prefix, kind in ((SYMBOL_PREFIX, SeriesKind.SYMBOL), (SECTOR_PREFIX, SeriesKind.SECTOR), (SOURCE_PREFIX, SeriesKind.SOURCE)):
        if name.startswith(prefix):
            return kind
    return SeriesKind.TOPIC

"""ClickHouse: the schema, every SQL statement, and two backends."""

from squall.storage.opening import open
from squall.storage.store import Store

__all__ = ["Store", "open"]

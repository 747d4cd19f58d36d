"""A store whose rows were stored some time ago."""

from __future__ import annotations

from squall.storage import Store


def age(store: Store) -> None:
    """Have documents and mentions stored an hour earlier, so that an update of the kept counts has seen them."""
    for table, columns in {"documents": ("stored_at", "written_at"), "mentions": ("stored_at",)}.items():
        changes = ", ".join(f"{column} = {column} - INTERVAL 1 HOUR" for column in columns)
        store._backend.command(f"ALTER TABLE {table} UPDATE {changes} WHERE 1 SETTINGS mutations_sync = 2", {})

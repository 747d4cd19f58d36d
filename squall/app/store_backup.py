"""Backs up and restores the configured store: an embedded one to a file, a server's to one of its disks."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from squall.app.store import connect
from squall.core.config.settings import Settings
from squall.core.errors import ConfigurationError
from squall.core.net.addresses import redact_url
from squall.storage.queries.backups import Report

ARCHIVES: Final = (".tar.zst", ".tar.gz", ".tar")
"""Ends of names that make one file; another name makes a folder."""


def back_up(settings: Settings, name: str, disk: str, report: Report) -> dict[str, int]:
    """Back up the store and return the rows of its tables.

    Args:
        settings: the store.
        name: embedded: a path that does not exist. Server: a name on the disk.
        disk: of a server: one of its `backups.allowed_disk`.
        report: called as it goes on.

    Raises:
        ConfigurationError: the path exists.
        StoreLockedError: another process has the embedded store open.
        StoreError: it failed; what was written is left, and is no backup.
    """
    place = _place(settings, name, disk)
    if place[0] == "File" and Path(place[1][0]).exists():
        raise ConfigurationError(f"{name} exists", "name a file that does not; backups are not overwritten")
    store = connect(settings, create=False)
    try:
        rows = store.backups.rows()
        store.backups.create(*place, report=report)
    finally:
        store.close()
    return rows


def restore(settings: Settings, name: str, disk: str, database: str, report: Report) -> dict[str, int]:
    """Restore a backup into a store without tables, and return the rows of its tables.

    Args:
        settings: the store; an embedded one is created.
        name: as of `back_up`.
        disk: as of `back_up`.
        database: of a server: name of the database that was backed up; empty: that of the URL.
        report: called as it goes on.

    Raises:
        ConfigurationError: there is no such file.
        StoreError: the store has tables, or the backup can't be restored.
    """
    place = _place(settings, name, disk)
    if place[0] == "File" and not Path(place[1][0]).exists():
        raise ConfigurationError(f"{name} does not exist", "name what `squall store backup` wrote")
    store = connect(settings)
    try:
        store.backups.restore(*place, database, report)
        return store.backups.rows()
    finally:
        store.close()


def _place(settings: Settings, name: str, disk: str) -> tuple[str, tuple[str, ...]]:
    if settings.store_url.startswith("chdb:"):
        return "File", (str(Path(name).expanduser().resolve()),)
    if name.startswith("/") or ".." in name.split("/"):
        raise ConfigurationError(
            f"{name!r} is a path of this machine, and {redact_url(settings.store_url)} writes to its own disk {disk!r}",
            "name the backup relative to that disk, for example 2026-11-30.tar.zst",
        )
    return "Disk", (disk, name)

"""Opens the configured store, for every command that needs one."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from squall import storage
from squall.core.config.settings import Settings
from squall.core.errors import ConfigurationError, SquallError
from squall.core.net.addresses import redact_url
from squall.core.observability.health import Health
from squall.core.retry import retry_until_available
from squall.storage import Store

log = logging.getLogger("squall")


def _complain(attempt: int, error: BaseException | None) -> None:
    log.warning("waiting for the store (try %d): %s", attempt, error)


def connect(settings: Settings, health: Health | None = None) -> Store:
    """Open the store as the settings say, whatever state its tables are in.

    Raises:
        StoreLockedError: another process owns the embedded store.
        StoreUnavailableError: the server does not answer.
    """
    store = storage.open(
        settings.store_url, timeout_seconds=settings.store.timeout_seconds, retention_days=settings.store.retention_days, health=health
    )
    try:
        store.ping()
    except SquallError:
        store.close()
        raise
    return store


def open_store(settings: Settings, stop: threading.Event, health: Health | None = None) -> Store:
    """Open the store and see that its tables are there, waiting while a server is down.

    The embedded store is migrated at once: it has one user. A server is migrated by `squall store migrate`, when its owner says so.

    Raises:
        ConfigurationError: the server's schema is behind.
        StoreLockedError: another process owns the embedded store.
        StoppedError: asked to stop while waiting.
    """
    url = settings.store_url
    if url.startswith("chdb:"):
        settings.data_dir.mkdir(parents=True, exist_ok=True)
    store = retry_until_available(lambda: connect(settings, health), stop, settings.processor.retry_max_seconds, _complain)
    if url.startswith("chdb:"):
        store.schema.migrate()
    elif any(migration.applied_at is None for migration in store.schema.status()):
        store.close()
        raise ConfigurationError(f"the schema of {redact_url(url)} is behind this version", "run `squall store migrate`")
    return store


@contextmanager
def open_existing(settings: Settings) -> Iterator[Store]:
    """Open the store that is there already, changing nothing about its tables.

    Raises:
        SquallError: there is none, or its schema is behind.
        StoreLockedError: a running node owns the embedded store.
    """
    url = settings.store_url
    if url.startswith("chdb:") and not settings.data_dir.exists():
        raise SquallError(f"there is no data at {redact_url(url)}", "give --data-dir, or set SQUALL_STORE__URL")
    store = storage.open(url, timeout_seconds=settings.store.timeout_seconds, retention_days=settings.store.retention_days)
    try:
        if any(migration.applied_at is None for migration in store.schema.status()):
            raise SquallError(f"the schema of {redact_url(url)} is missing or behind this version", "run `squall store migrate`")
        yield store
    finally:
        store.close()

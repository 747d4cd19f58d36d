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


def _log_wait(attempt: int, error: BaseException | None) -> None:
    log.warning("waiting for the store (try %d): %s", attempt, error)


def connect(settings: Settings, health: Health | None = None, *, create: bool = True) -> Store:
    """Open the store of the settings, whatever the state of its tables.

    Args:
        settings: the store's URL, time limit and retention.
        health: gets the outcome of each call; its clock is the store's.
        create: whether an embedded store that does not exist is created.

    Raises:
        StoreMissingError: there is no embedded store, and `create` is False.
        StoreLockedError: another process has the embedded store open.
        StoreUnavailableError: the server does not answer.
    """
    store = storage.open(
        settings.store_url,
        timeout_seconds=settings.store.timeout_seconds,
        retention_days=settings.store.retention_days,
        cluster=settings.store.cluster,
        create=create,
        clock=health.clock if health else None,
        health=health,
    )
    try:
        store.ping()
    except SquallError:
        store.close()
        raise
    return store


def open_migrated_store(settings: Settings, stop: threading.Event, health: Health | None = None, *, create: bool = True) -> Store:
    """Open the store and check its tables, waiting while a server is unavailable.

    An embedded store is migrated at once, because it has one user. A server is migrated by `squall store migrate`, when its owner runs it.

    Args:
        settings: as of `connect`.
        stop: ends the wait.
        health: gets the outcome of each call.
        create: whether an embedded store that does not exist is created.

    Raises:
        ConfigurationError: the server's schema is behind this version.
        StoreMissingError: there is no embedded store, and `create` is False.
        StoreLockedError: another process has the embedded store open.
        StoppedError: stopped while waiting.
    """
    wait = settings.processor.retry_max_seconds
    store = retry_until_available(lambda: connect(settings, health, create=create), stop, wait, _log_wait)
    if settings.store_url.startswith("chdb:"):
        store.schema.migrate()
    elif any(migration.applied_at is None for migration in store.schema.status()):
        store.close()
        raise ConfigurationError(f"the schema of {redact_url(settings.store_url)} is behind this version", "run `squall store migrate`")
    return store


@contextmanager
def open_existing(settings: Settings, *, check_schema: bool = True) -> Iterator[Store]:
    """Open the store for reading: nothing is created or migrated.

    Args:
        settings: as of `connect`.
        check_schema: whether a schema that is behind this version is an error.

    Raises:
        StoreMissingError: there is no embedded store.
        StoreLockedError: another process has the embedded store open.
        StoreUnavailableError: the server does not answer.
        SquallError: the schema is behind this version.
    """
    store = connect(settings, create=False)
    try:
        if check_schema and any(migration.applied_at is None for migration in store.schema.status()):
            raise SquallError(
                f"the schema of {redact_url(settings.store_url)} is missing or behind this version", "run `squall store migrate`"
            )
        yield store
    finally:
        store.close()

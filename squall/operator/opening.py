"""Opens an operator client: over the store, or through the live page of the node that has the store open."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from squall.app.store import open_existing
from squall.core.clock import Clock
from squall.core.config.settings import Settings
from squall.core.errors import StoreLockedError
from squall.operator.client import OperatorClient, StoreStatus
from squall.operator.local import LocalClient
from squall.operator.remote import open_remote_client


@contextmanager
def open_client(settings: Settings, clock: Clock, *, check_schema: bool = True) -> Iterator[OperatorClient]:
    """Open the store for reading and operator actions; when a running node has it open, use that node's live page.

    Args:
        settings: the store, and the token of the live page.
        clock: stamps acknowledgements and silences.
        check_schema: whether a schema that is behind this version is an error.

    Raises:
        StoreMissingError: there is no embedded store; none is created.
        StoreLockedError: a process without a live page has it open.
        SquallError: the schema is behind this version, or the store does not answer.
    """
    with ExitStack() as stack:
        client: OperatorClient
        try:
            client = LocalClient(stack.enter_context(open_existing(settings, check_schema=check_schema)), settings, clock)
        except StoreLockedError as locked:
            client = stack.enter_context(open_remote_client(settings, locked))
        yield client


def read_store_status(settings: Settings, clock: Clock) -> StoreStatus:
    """Return the state of the store's schema; raises as `open_client` does."""
    with open_client(settings, clock, check_schema=False) as client:
        return client.store_status()

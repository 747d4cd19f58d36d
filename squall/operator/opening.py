"""Opens an operator client: over the store, or through the live page of the node that has the store open."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from squall.app.store import open_existing
from squall.core.clock import Clock
from squall.core.config.settings import Settings
from squall.core.errors import StoreLockedError
from squall.operator.client import OperatorClient
from squall.operator.local import LocalClient
from squall.operator.remote import open_remote_client


@contextmanager
def open_client(settings: Settings, clock: Clock) -> Iterator[OperatorClient]:
    """Open the store, or, where a running node has it open, talk to that node's live page.

    Raises:
        SquallError: there is no store, or its schema is behind.
        StoreLockedError: a process without a live page has it open.
    """
    with ExitStack() as stack:
        client: OperatorClient
        try:
            client = LocalClient(stack.enter_context(open_existing(settings)), settings, clock)
        except StoreLockedError as locked:
            client = stack.enter_context(open_remote_client(settings, locked))
        yield client

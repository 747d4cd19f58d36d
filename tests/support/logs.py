"""Logging is global to a process: what a test configures is undone here."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from squall.core.observability.logging import BATCHES, HARMLESS, ROOT


@contextmanager
def logging_restored() -> Iterator[None]:
    """Put handlers and levels back at the end of the block."""
    root = logging.getLogger()
    handlers = root.handlers[:]
    levels = {name: logging.getLogger(name).level for name in (None, ROOT, BATCHES, *HARMLESS)}
    try:
        yield
    finally:
        root.handlers[:] = handlers
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)

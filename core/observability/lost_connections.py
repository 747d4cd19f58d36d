"""Libraries log a lost connection with its traceback, although they reconnect by themselves: here it becomes one line."""

from __future__ import annotations

import logging

OURS = "squall"


class LostConnectionFilter(logging.Filter):
    """Replaces the traceback of an `OSError` in a library's record by its message.

    A broker, a firewall or a sleeping machine resets a connection that was idle for some minutes: kafka-python then logs
    `ConnectionResetError` with a traceback of its producer, and sends again over a new connection.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Shorten `record` in place; always True, because no record is dropped."""
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, OSError) and record.name.partition(".")[0] != OURS:
            record.msg, record.args = f"{record.getMessage()}: {type(error).__name__}: {error}", ()
            record.exc_info = record.exc_text = None
        return True

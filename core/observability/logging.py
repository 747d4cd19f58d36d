"""Logging: one line per event on standard error, as text or JSON."""

from __future__ import annotations

import json
import logging
import sys
import threading
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Final, TextIO

import orjson

from squall.core.config.settings import LogSettings
from squall.core.display import visible, visible_lines
from squall.core.net.redaction import redact_secrets_in, redacted
from squall.core.observability.lost_connections import LostConnectionFilter

ROOT: Final = "squall"
"""Every logger of Squall is this one or below it, so that one level reaches all."""
BATCHES: Final = "squall.batches"
"""One line per micro-batch: for machines that read JSON, too many for people."""
LOGGERS: Final = {
    ROOT: "start, stop and signals of a process, its store and its model",
    BATCHES: "one line per micro-batch, only with `SQUALL_LOG__FORMAT=json` or the level DEBUG",
    "squall.worker": "the Kafka consumer: partitions, lag, rebalances",
    "squall.processor": "what became of the items, once a minute; rejected documents, retries; each document at the level DEBUG",
    "squall.engine": "the model: devices, failures, a new checkpoint",
    "squall.http": "all HTTP listeners: connections and requests that were refused or too slow, one line a minute for each kind",
    "squall.web": "the live page",
    "squall.metrics": "the metrics endpoint",
    "squall.demo": "`squall demo`",
    "squall.replay": "`squall replay`",
    "squall.backtest": "`squall backtest`",
}
"""The loggers with a name of their own; docs/operations.md lists them. Every other one has the name of its module."""
HARMLESS: Final = ("apscheduler", "faust.app")
"""Libraries whose warnings are harmless here, such as that of a run longer than its interval."""
REPEAT_SECONDS: Final = 10.0

_STANDARD = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    return {key: redacted(value) for key, value in record.__dict__.items() if key not in _STANDARD}


def _message(record: logging.LogRecord) -> str:
    """Return the message without secrets, although what logs one has redacted it: libraries do not."""
    return redact_secrets_in(record.getMessage())


class RepeatFilter(logging.Filter):
    """Passes a library's message once every `REPEAT_SECONDS`: a client that has lost its server logs it a hundred times a second."""

    def __init__(self) -> None:
        super().__init__()
        self._last: dict[tuple[str, str], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether `record` is logged: always for Squall's own."""
        if record.name.partition(".")[0] == ROOT:
            return True
        key = (record.name, str(record.msg))
        if record.created - self._last.get(key, 0.0) < REPEAT_SECONDS:
            return False
        self._last[key] = record.created
        return True


class ReportedFilter(logging.Filter):
    """Drops what Kafka clients log of a broker that does not answer, because Squall reports it once.

    kafka-python raises each such error too. aiokafka tries again by itself after those that it calls retriable, such as that of a group
    that has no coordinator yet.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether `record` is logged: faults inside the library, which come with a traceback, always."""
        library = record.name.partition(".")[0]
        if record.exc_info is not None or library not in {"kafka", "aiokafka"}:
            return True
        values = record.args if isinstance(record.args, tuple) else ()
        return library == "aiokafka" and not any(getattr(value, "retriable", False) for value in values)


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time, level, logger, message, then the `extra` fields."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the JSON object, without a line break at its end."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _message(record),
            **_fields(record),
        }
        if record.exc_info:
            line["exception"] = redact_secrets_in(self.formatException(record.exc_info))
        try:
            return visible(orjson.dumps(line, default=str).decode())
        except TypeError:  # lone surrogates, integers beyond 64 bits: a log line must not be lost for them
            return json.dumps(line, default=str)


class TextFormatter(logging.Formatter):
    """`time level logger: message key=value` for people; a line break or an escape sequence in a value can't forge a line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; a traceback follows on lines of its own."""
        time = datetime.fromtimestamp(record.created, UTC).strftime("%H:%M:%S")
        extra = "".join(f" {key}={value}" for key, value in _fields(record).items())
        line = visible(f"{time} {record.levelname.lower():7} {record.name}: {_message(record)}{extra}")
        if record.exc_info:
            line += "\n" + visible_lines(redact_secrets_in(self.formatException(record.exc_info)))
        return line


def configure_logging(settings: LogSettings, stream: TextIO | None = None) -> None:
    """Send every logger to `stream` (standard error): Squall's own from the level of the settings, libraries from WARNING at least."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter() if settings.format == "json" else TextFormatter())
    handler.addFilter(ReportedFilter())
    handler.addFilter(RepeatFilter())
    handler.addFilter(LostConnectionFilter())
    root, ours = logging.getLogger(), logging.getLogger(ROOT)
    root.handlers[:] = [handler]
    ours.setLevel(settings.level)
    root.setLevel(max(logging.WARNING, ours.level))
    for name in HARMLESS:
        logging.getLogger(name).setLevel(max(logging.ERROR, ours.level))
    quiet = settings.format == "text" and ours.level > logging.DEBUG
    logging.getLogger(BATCHES).setLevel(max(logging.WARNING, ours.level) if quiet else logging.NOTSET)


def log_unforeseen_errors() -> None:
    """Log errors that end the process or one of its threads; Python would print them with whatever secret is in their text."""

    def log_error(kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> None:
        if error is None or issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error or kind(), trace)
            return
        logging.getLogger(ROOT).critical("an unforeseen error", exc_info=(kind, error, trace))

    sys.excepthook = log_error
    threading.excepthook = lambda failed: log_error(failed.exc_type, failed.exc_value, failed.exc_traceback)

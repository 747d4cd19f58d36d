"""Logging: one line per event on standard error, as text or JSON."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any, TextIO

import orjson

from squall.core.config.settings import LogSettings
from squall.core.observability.lost_connections import LostConnectionFilter

CHATTY = ("kafka", "aiokafka", "faust", "mode", "apscheduler", "httpx", "httpcore", "urllib3", "matplotlib", "clickhouse_driver")
"""Libraries whose information is our debugging."""
HARMLESS = ("kafka.admin", "kafka.net", "apscheduler", "faust.app")
"""Whose warnings are harmless here: Faust's group metadata, which kafka-python can't read; a detector run longer than its interval."""
REPEAT_SECONDS = 10.0
BATCHES = "squall.batches"
"""A line for each micro-batch: for machines that read JSON, too many for people."""

_STANDARD = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    return {key: value for key, value in record.__dict__.items() if key not in _STANDARD}


class RepeatFilter(logging.Filter):
    """Lets a library's message through once every `REPEAT_SECONDS`: a client that has lost its server says so a hundred times a second."""

    def __init__(self) -> None:
        super().__init__()
        self._last: dict[tuple[str, str], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name.partition(".")[0] not in CHATTY:
            return True
        key = (record.name, str(record.msg))
        if record.created - self._last.get(key, 0.0) < REPEAT_SECONDS:
            return False
        self._last[key] = record.created
        return True


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time, level, logger, message, then the `extra` fields."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **_fields(record),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        try:
            return orjson.dumps(line, default=str).decode()
        except TypeError:  # lone surrogates, integers beyond 64 bits: a log line must not be lost for them
            return json.dumps(line, default=str)


class TextFormatter(logging.Formatter):
    """`time level logger: message key=value` for people."""

    def format(self, record: logging.LogRecord) -> str:
        time = datetime.fromtimestamp(record.created, UTC).strftime("%H:%M:%S")
        extra = "".join(f" {key}={value}" for key, value in _fields(record).items())
        line = f"{time} {record.levelname.lower():7} {record.name}: {record.getMessage()}{extra}"
        if record.exc_info:
            line += "\n" + self.formatException(record.exc_info)
        return line


def configure_logging(settings: LogSettings, stream: TextIO | None = None) -> None:
    """Send every logger to `stream` (standard error) and quieten chatty libraries."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter() if settings.format == "json" else TextFormatter())
    handler.addFilter(RepeatFilter())
    handler.addFilter(LostConnectionFilter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.level)
    for name in CHATTY:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    quiet = settings.format == "text" and root.level > logging.DEBUG
    logging.getLogger(BATCHES).setLevel(max(logging.WARNING, root.level) if quiet else logging.NOTSET)
    for name in HARMLESS:
        logging.getLogger(name).setLevel(max(logging.ERROR, root.level))

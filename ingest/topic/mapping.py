"""Which part of a message is which field of a document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from squall.ingest.fields import is_given
from squall.ingest.file.columns import Columns

KEY: Final = "$key"
TIMESTAMP: Final = "$timestamp"
_RECORD: Final = (KEY, TIMESTAMP)
_MOST_LEVELS: Final = 20


@dataclass(frozen=True, slots=True)
class Message:
    """A message of a topic.

    Args:
        partition: of the topic.
        offset: in it.
        timestamp: milliseconds since 1970, of the producer or the broker; negative: none.
        key: None: none.
        value: None: a tombstone.
    """

    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None


class FieldMapping:
    """Maps the fields of messages by paths such as `payload.headline`; others are found by their usual names, as columns of files are.

    Args:
        paths: field → path, or `$key` or `$timestamp` of the message.
        time_format: `strptime` format of the times; empty: the known forms.

    Raises:
        ConfigurationError: an unknown field is mapped.
    """

    def __init__(self, paths: Mapping[str, str], time_format: str = "") -> None:
        self._time_format = time_format
        self._paths = {field: tuple(path.split(".")[:_MOST_LEVELS]) for field, path in paths.items() if path not in _RECORD}
        self._of_record = {field: path for field, path in paths.items() if path in _RECORD}
        self._mapped = frozenset(paths)
        Columns(paths)  # refuses unknown fields
        self._columns = Columns({})

    def fields(self, values: Mapping[str, Any], message: Message) -> tuple[dict[str, Any], bool]:
        """Return the fields of a document, and whether its time is in one of the known forms, whatever the format of the times is.

        A time that is spread over fields is joined, as one over columns of a file. Without another time, the message's own is
        `published_at`.

        Raises:
            InvalidFieldError: the parts of a time are not all there, or are no time together.
        """
        layout = self._columns.layout(values)
        found = {field: value for field, value in layout.fields(values).items() if field not in self._of_record}
        joined = layout.time.joined(values, self._time_format) if layout.time and "published_at" not in self._mapped else None
        if joined is not None:
            found["published_at"] = joined
        for field, path in self._paths.items():
            found[field] = _at(values, path)
        for field, name in self._of_record.items():
            found[field] = (
                message.key.decode("utf-8", "replace") if name == KEY and message.key else _time(message) if name == TIMESTAMP else None
            )
        if not is_given(found.get("published_at")) and "published_at" not in self._paths:
            found["published_at"] = joined = _time(message)
        return found, joined is not None or self._of_record.get("published_at") == TIMESTAMP


def _at(values: Any, path: tuple[str, ...]) -> Any:
    for step in path:
        if not isinstance(values, Mapping):
            return None
        values = values.get(step)
    return values


def _time(message: Message) -> str | None:
    if message.timestamp < 0:
        return None
    try:
        return datetime.fromtimestamp(message.timestamp / 1000, UTC).isoformat()
    except (OverflowError, ValueError, OSError):
        return None

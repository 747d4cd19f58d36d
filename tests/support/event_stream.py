"""A reader of server-sent events over real HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx


@dataclass(frozen=True)
class Event:
    name: str
    data: Any
    id: str


class EventReader:
    """Reads one stream; gives up after ten seconds without any byte."""

    def __init__(self, answer: httpx.Response) -> None:
        self.answer = answer
        self._lines = answer.iter_lines()

    def __iter__(self) -> Iterator[Event]:
        fields: dict[str, str] = {}
        for line in self._lines:
            if line:
                name, _, value = line.partition(": ")
                fields[name] = value
            elif "event" in fields:
                yield Event(fields["event"], json.loads(fields["data"]), fields.get("id", ""))
                fields = {}

    def wait_for(self, name: str) -> Event:
        """Return the next event of this name; others are passed over."""
        return next(event for event in self if event.name == name)


@contextmanager
def listening(url: str, last_event_id: str = "", query: str = "") -> Iterator[EventReader]:
    """Open `/api/events` of the page at `url`."""
    headers = {"Last-Event-ID": last_event_id} if last_event_id else {}
    with httpx.stream("GET", f"{url}/api/events{query}", headers=headers, timeout=10) as answer:
        yield EventReader(answer)

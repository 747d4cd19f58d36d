"""A small type of source: a list of titles in its options, delivered two a batch, with faults on demand."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any, Literal

from pydantic import Field

from squall.sources import (
    Batch,
    ConfigurationError,
    Defaults,
    Item,
    OriginNumbers,
    Secret,
    Source,
    SourceContext,
    SourceOptions,
    SourceType,
    StoppedError,
    UnavailableError,
    accepted,
    build_document,
    rejected,
)
from squall.sources import InvalidRecordError as Invalid

Fault = Literal[
    "", "loses", "doubles", "sticks", "disorder", "early", "fails_once", "breaks_once", "refused", "no_contact", "interrupted", "gives_up"
]


class ListOptions(SourceOptions):
    titles: tuple[str, ...] = Field(description="what to deliver; an empty one is rejected")
    fault: Fault = Field("", description="what to do wrong")
    live: bool = Field(True, description="wait at the end")
    password: Secret | None = Field(None, description="not used")


class ListType(SourceType[ListOptions]):
    name = "list"
    summary = "titles from its options"
    Options = ListOptions
    example = 'titles = ["One", "Two"]  # what to deliver'

    def __init__(self) -> None:
        self.opened = 0

    def open(self, options: ListOptions, context: SourceContext) -> Source:
        self.opened += 1
        return ListSource(options, context, first=self.opened == 1)


class ListSource:
    def __init__(self, options: ListOptions, context: SourceContext, *, first: bool) -> None:
        self._options = options
        self._context = context
        self._first = first
        self._numbers = OriginNumbers(context.name, context.clock)
        self.closed = 0

    @property
    def name(self) -> str:
        return self._context.name

    @property
    def live(self) -> bool:
        return self._options.live

    def batches(self, stop: threading.Event) -> Iterator[Batch]:
        fault, cursor = self._options.fault, self._context.cursor
        done = (cursor.load() or {}).get("done", 0)
        if fault == "refused":
            raise ConfigurationError("the password is refused", "correct it")
        if fault == "doubles":
            done = max(0, done - 1)
        if fault != "no_contact":
            self._context.report.contact()
        left = list(enumerate(self._options.titles))[done:]
        for start in range(0, len(left), 2):
            if stop.is_set():
                return
            if self._first and start and fault == "fails_once":
                raise UnavailableError("the line is dead")
            if self._first and start and fault == "breaks_once":
                raise KeyError("oops")
            part = left[start : start + 2]
            items = [self._item(title) for _, title in part]
            if fault == "disorder":
                items.reverse()
            position = {"done": part[-1][0] + 1 + (fault == "loses")}
            if fault == "early":
                cursor.save(position)
            yield Batch(items, cursor.commit(position), caught_up=start + 2 >= len(left))
        if fault == "gives_up":
            raise StoppedError("nobody asked for it")
        while self._options.live and not stop.is_set():
            if fault == "sticks":
                time.sleep(0.8)
                continue
            self._context.wait(1, stop)
        if fault == "interrupted":  # no fault: as a request ends that was under way
            raise StoppedError("stopped while the list was asked for")

    def close(self) -> None:
        self.closed += 1

    def _item(self, title: str) -> Item:
        origin, now = self._numbers.next(), self._context.clock.now()
        fields: dict[str, Any] = {"id": title, "title": title, "published_at": now}
        try:
            return accepted(origin, build_document(fields, Defaults(source="list"), now))
        except Invalid as error:
            return rejected(origin, error, title.encode())

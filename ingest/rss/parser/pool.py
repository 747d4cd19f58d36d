"""Feeds and articles are read in processes of their own, each with a budget; an entry that breaks the parser costs that entry."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import orjson

from squall.core.items import RAW_LIMIT
from squall.ingest.rss.feed_formats import NotAFeedError, base_url
from squall.ingest.rss.parser.process import LENGTH_BYTES, send

_IDLE: Final = 2
"""Processes kept for the next feeds; more are started while more feeds are parsed at a time."""
_REPLY_BYTES: Final = 1_000_000
_REPLY_PER_BYTE: Final = 4
_RAW_FRAME: Final = 8 * RAW_LIMIT
_WALL_SECONDS: Final = 60.0
"""Wait for a process beyond its processor time: a busy machine is no reason to give a feed up, a stopped process is one."""


_CLOSED: Final = "the parser was closed"
_TOO_MUCH: Final = "it needs too much time or memory"


class ParserError(Exception):
    """A feed or page can't be parsed; the message repeats nothing of it."""


@dataclass(frozen=True, slots=True)
class ParserBudget:
    """What parsing one feed may cost.

    Args:
        feed_seconds: processor time for a feed as a whole, besides what its length adds.
        entry_seconds: the same for one entry, when the entries are parsed one by one.
        entries_seconds: processor time for all entries one by one, at least.
        seconds_per_byte: feedparser needs about a third of it, two thirds for a feed that is not well-formed.
        memory_bytes: of the process, besides what the longest feed adds.
        memory_per_byte: feedparser needs about half of it.
    """

    feed_seconds: float = 2.0
    entry_seconds: float = 0.5
    entries_seconds: float = 20.0
    seconds_per_byte: float = 3e-6
    memory_bytes: int = 256_000_000
    memory_per_byte: int = 40


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a feed: its fields, and why it is rejected, if it is."""

    fields: dict[str, Any]
    fault: str = ""


@dataclass(frozen=True, slots=True)
class ParsedFeed:
    """The entries of a feed; `complete` is False where time did not suffice for all of them."""

    entries: list[Entry]
    complete: bool = True


class ParserPool:
    """Parses feeds and pages in other processes; safe to use from several threads.

    Args:
        max_bytes: the longest feed or page.
        budget: of every feed.
    """

    def __init__(self, max_bytes: int, budget: ParserBudget | None = None) -> None:
        self._budget = budget or ParserBudget()
        self._memory = self._budget.memory_bytes + self._budget.memory_per_byte * max_bytes
        self._reply = _REPLY_BYTES + _REPLY_PER_BYTE * max_bytes
        self._lock = threading.Lock()
        self._idle: list[_Parser] = []
        self._running: set[_Parser] = set()
        self._closed = False

    def parse(self, body: bytes, content_type: str, url: str) -> ParsedFeed:
        """Return the entries of a feed, oldest last as in the feed.

        If parsing it as a whole fails, or takes too much time or memory, its entries are parsed one by one, and those that fail then are
        returned as faulty.

        Args:
            body: the feed.
            content_type: as the server names it.
            url: of the feed as configured; its user, password and query get into no link.

        Raises:
            NotAFeedError: `body` is no feed.
            ParserError: it holds no entries that could be parsed one by one, no process can be started, or the pool was closed.
        """
        request = self._request("feed", body) | {"content_type": content_type, "url": base_url(url)}
        answer = self._one_answer(request, body)
        if "not_a_feed" in answer:
            raise NotAFeedError(answer["not_a_feed"])
        if "entries" in answer:
            return ParsedFeed([Entry(fields) for fields in answer["entries"]])
        return self._one_by_one(request, body, answer["failed"])

    def read(self, kind: Literal["article", "robots"], body: bytes, **more: str) -> dict[str, Any]:
        """Return what the parser's process makes of a page or a robots.txt: its `text`, or `rule` (`squall.ingest.article.extraction`).

        Args:
            kind: what `body` is.
            more: arguments of the function there.

        Raises:
            ParserError: it needs too much time or memory or can't be read, no process can be started, or the pool was closed.
        """
        answer = self._one_answer(self._request(kind, body) | more, body)
        if "failed" in answer:
            raise ParserError(str(answer["failed"]))
        return answer

    def close(self) -> None:
        """End all processes; feeds that are being parsed fail."""
        with self._lock:
            self._closed = True
            running, idle, self._idle = list(self._running), self._idle, []
        for parser in running:
            parser.kill()  # its thread closes it
        for parser in idle:
            parser.close()

    def _request(self, kind: str, body: bytes) -> dict[str, Any]:
        return {
            "kind": kind,
            "length": len(body),
            "first": None,
            "seconds": self._budget.feed_seconds + self._budget.seconds_per_byte * len(body),
            "entry_seconds": self._budget.entry_seconds,
            "seconds_per_byte": self._budget.seconds_per_byte,
            "reply_bytes": self._reply,
            "raw_bytes": RAW_LIMIT,
        }

    def _one_by_one(self, request: dict[str, Any], body: bytes, why: str) -> ParsedFeed:
        """Parse the entries in as many processes as it takes."""
        entries: list[Entry] = []
        first, left = 0, max(self._budget.entries_seconds, 2 * request["seconds"])
        while left > 0:
            begun: dict[str, Any] = {}
            spent = left
            for answer in self._answers({**request, "first": first, "seconds": left}, body):
                spent = answer.get("spent", spent)
                if "end" in answer:
                    if not answer["end"] and not entries:
                        raise ParserError(f"the feed can't be parsed: {why}")
                    return ParsedFeed(entries, complete="of" in answer)
                if "begin" in answer:
                    begun, first = answer, answer["begin"] + 1
                    continue
                found = [Entry(fields) for fields in answer.get("entries", ())]
                entries += found or [_faulty(begun, answer.get("failed", "it is no entry"))]
                begun = {}
            if begun:
                entries.append(_faulty(begun, _TOO_MUCH))
            left -= spent
        if not entries:
            raise ParserError(f"the feed can't be parsed: {why}")
        return ParsedFeed(entries, complete=False)

    def _one_answer(self, request: dict[str, Any], body: bytes) -> dict[str, Any]:
        failed: dict[str, Any] = {"failed": _TOO_MUCH}
        return next(self._answers(request, body), failed)

    def _answers(self, request: dict[str, Any], body: bytes) -> Iterator[dict[str, Any]]:
        """Yield the frames that answer a request; the last is missing if the process ends before."""
        parser, last = self._take(), False
        try:
            for answer in parser.ask(request, body, self._reply):
                last = request["first"] is None or "end" in answer
                if last:
                    self._give_back(parser)
                yield answer
                if last:
                    return
            if self._closed:
                raise ParserError(_CLOSED)
            if not parser.ready:
                raise ParserError("the parser's process does not start")
        finally:
            if not last:
                with self._lock:
                    self._running.discard(parser)
                parser.close()

    def _take(self) -> _Parser:
        with self._lock:
            if self._idle:
                parser = self._idle.pop()
                self._running.add(parser)
                return parser
        parser = _Parser(self._memory)
        with self._lock:
            closed = self._closed
            if not closed:
                self._running.add(parser)
        if closed:
            parser.close()
            raise ParserError(_CLOSED)
        return parser

    def _give_back(self, parser: _Parser) -> None:
        with self._lock:
            self._running.discard(parser)
            keep = not self._closed and len(self._idle) < _IDLE
            if keep:
                self._idle.append(parser)
        if not keep:
            parser.close()


class _Parser:
    """One process, and the socket to it."""

    def __init__(self, memory_bytes: int) -> None:
        ours, theirs = socket.socketpair()
        # no variables of ours: the process handles foreign text and needs no secret
        path = os.pathsep.join([str(Path(__file__).parents[4]), *filter(None, sys.path)])
        command = [sys.executable, "-P", "-W", "ignore", "-m", "squall.ingest.rss.parser.process", str(memory_bytes)]
        try:
            with theirs:
                self._process = subprocess.Popen(command, stdin=theirs.fileno(), stdout=subprocess.DEVNULL, env={"PYTHONPATH": path})
        except OSError as error:
            ours.close()
            raise ParserError(f"the parser can't be started: {error.strerror}") from error
        self._socket = ours
        self.ready = False

    def ask(self, request: dict[str, Any], body: bytes, limit: int) -> Iterator[dict[str, Any]]:
        """Send a request; yield the frames that come back until the process ends or hangs.

        The first frame of a process says only that it runs: what happens before is no feed's fault.
        """
        deadline = time.monotonic() + 4 * request["seconds"] + _WALL_SECONDS
        try:
            self._socket.settimeout(deadline - time.monotonic())
            send(self._socket, request, body)
            while True:
                length = int.from_bytes(self._receive(LENGTH_BYTES, deadline), "big")
                if length > limit + _RAW_FRAME:
                    return
                frame = orjson.loads(self._receive(length, deadline))
                if self.ready:
                    yield frame
                self.ready = True
        except OSError:
            return

    def kill(self) -> None:
        """End the process, whatever it is doing."""
        self._process.kill()

    def close(self) -> None:
        """End the process and close the socket; only while nobody asks."""
        self._process.kill()
        self._process.wait()
        self._socket.close()

    def _receive(self, count: int, deadline: float) -> bytes:
        data = bytearray()
        while len(data) < count:
            self._socket.settimeout(max(0.001, deadline - time.monotonic()))
            piece = self._socket.recv(min(count - len(data), 1 << 20))
            if not piece:
                raise ConnectionResetError
            data += piece
        return bytes(data)


def _faulty(begun: dict[str, Any], fault: str) -> Entry:
    return Entry({"text": begun.get("raw", "")}, fault)

"""Bluesky as a source: the posts of a Jetstream server that are wanted, each delivered once."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlencode

import orjson

from squall.core.errors import InvalidRecordError, StoppedError
from squall.core.items import Batch
from squall.core.net.addresses import redact_url
from squall.ingest.bluesky.compression import DICTIONARY_PATH, Unpacker
from squall.ingest.bluesky.events import POSTS, Notice, StreamEvent, microseconds_of, moment_of, read_v1, read_v2
from squall.ingest.bluesky.options import BlueskyOptions
from squall.ingest.bluesky.position import OldestSearch, StreamPosition
from squall.ingest.bluesky.posts import document_id_of, is_quote, is_reply, languages, post_document, said
from squall.ingest.registry.context import SourceContext
from squall.ingest.registry.live import LiveSource
from squall.ingest.social.batching import StreamBatches
from squall.ingest.social.pauses import SHORTEST_PAUSE, Pauses
from squall.ingest.social.text_filter import TextFilter, entity_finder
from squall.ingest.social.web_socket import ConnectionFailedError, ConnectionRefusedByServerError, WebSocket, open_web_socket
from squall.ingest.source import OriginNumbers, accepted, as_bytes, deleted, rejected

log = logging.getLogger(__name__)

_STOP_CHECK_SECONDS: Final = 0.05
_CURRENT: Final = timedelta(seconds=10)
"""A stream that is behind by less is at its end."""
_GAP_US: Final = 60_000_000
"""Somebody posts every second: a stream that begins this much after what was asked for has a gap."""
_SPARSE_GAP_US: Final = 36 * 3_600_000_000
"""The same for the posts of few authors, between which there may be hours: servers keep 36 hours."""


class BlueskySource(LiveSource):
    """Reads a Jetstream server until stopped; reconnects, and resumes where it was.

    What is not wanted is dropped before a document is made of it. A deletion of any post is delivered, because only the store knows
    whether it has that post.

    Args:
        options: what to read.
        context: clock, cursor and whom it reports to.
        pauses: between attempts to connect.
    """

    def __init__(self, options: BlueskyOptions, context: SourceContext, pauses: Pauses | None = None) -> None:
        super().__init__(context)
        self._options = options
        self._filter = TextFilter(options, entity_finder(context))
        self._numbers = OriginNumbers(context.name, context.clock)
        self._v2 = options.protocol == "v2"
        start = microseconds_of(context.clock.now() - timedelta(hours=options.start_hours)) if options.start_hours else 0
        self._position = StreamPosition(f"{redact_url(options.url)} {options.protocol}", context.cursor.load(), start)
        self._batches = StreamBatches(context.clock, context.cursor, self._position.cursor)
        self._pauses = pauses or Pauses(context.random)
        dictionary = options.url.replace("ws", "http", 1) + DICTIONARY_PATH
        self._unpacker = Unpacker(lambda: context.http.request("GET", dictionary, self._stop), wanted=options.compression and self._v2)
        self._asked_us, self._certain_gap = 0, False
        self._search: OldestSearch | None = None
        self.gaps = 0
        """How often posts were lost because the server no longer had them."""

    def batches(self, stop: threading.Event) -> Iterator[Batch]:
        """Deliver posts and deletions as they come; see `squall.ingest.source.Source`."""
        self._stop = stop
        while not self._is_over():
            try:
                yield from self._connection()
            except StoppedError:
                return
            except ConnectionRefusedByServerError as error:
                self._refused(error)
            except ConnectionFailedError as error:
                self._pause(str(error))

    def _connection(self) -> Iterator[Batch]:
        """Connect once and read until the connection ends."""
        self._unpacker.prepare()
        subprotocols = ("xrpc.v1.json",) if self._v2 else ()
        with open_web_socket(self._url(), self._context.http, subprotocols=subprotocols, compression=not self._v2) as socket:
            if self._search is not None and not self._search.accepted():
                return
            by_number = self._position.by_number
            if not self._position.is_same_boot(socket.header("Jetstream-Boot-Id")) and by_number:
                self._position.forget_number()  # the numbers of another process; resume by time
                return
            if self._search is not None:
                self._search = None
                self._notice(Notice("OutdatedCursor"))
            else:
                self._asked_us = 0 if by_number or not self._position.has_read else self._position.resume
            self._context.report.contact()
            log.info("connected", extra={"source": self.name, "url": redact_url(self._options.url), "cursor": self._position.resume})
            yield from self._read(socket)

    def _read(self, socket: WebSocket) -> Iterator[Batch]:
        while not self._is_over():
            try:
                message = socket.receive(_STOP_CHECK_SECONDS)
                if message is not None:
                    self._handle(message)
                    self._pauses.succeeded()
            except ConnectionFailedError:
                if self._batches.waiting:
                    yield self._batches.take(caught_up=False)
                raise
            if self._batches.due or (message is None and self._batches.has_items):
                self._context.report.contact()
                yield self._batches.take(caught_up=message is None or self._is_current())
            elif message is None:
                self._context.report.alive()

    def _is_current(self) -> bool:
        return self._context.clock.now() - moment_of(self._position.time_us) < _CURRENT

    def _url(self) -> str:
        options, resume = self._options, self._position.resume if self._search is None else self._search.cursor
        query: list[tuple[str, str | int]] = []
        if self._v2:
            query += [("collections", POSTS), ("kinds", "commit"), *(("dids", author) for author in options.authors)]
            if self._unpacker.dictionary:
                query.append(("zstdDictionary", self._unpacker.dictionary))
        else:
            query += [("wantedCollections", POSTS), *(("wantedDids", author) for author in options.authors)]
        if resume:
            query.append(("cursor", resume))
        return f"{options.url}/{'xrpc/network.bsky.jetstream.subscribeEvents' if self._v2 else 'subscribe'}?{urlencode(query)}"

    def _handle(self, message: bytes) -> None:
        """Take one message in: its item, if there is one, and the position after it."""
        try:
            text = self._unpacker.unpack(message)
            event = read_v2(text) if self._v2 else read_v1(text)
        except InvalidRecordError as error:
            self._batches.add(rejected(self._numbers.next(), error, message))
            return
        if isinstance(event, Notice):
            self._notice(event)
        elif event is not None and self._position.is_new(event):
            self._look_for_gap(event)
            self._deliver(event)
            self._position.passed(event)
            self._batches.passed()

    def _deliver(self, event: StreamEvent) -> None:
        if not event.operation or (self._options.authors and event.did not in self._options.authors):
            return
        text = said(event.record)
        wanted = event.operation != "delete" and bool(text) and self._is_wanted(event.record, text)
        if (not wanted and event.operation == "create") or self._position.was_delivered(event):
            return
        if not wanted:  # its author took it back, or it no longer says what is read
            self._batches.add(deleted(self._numbers.next(), document_id_of(event, self._options.source)))
            self._position.delivered(event)
            return
        try:
            document = post_document(event, text, self._options.source, self._context.clock.now())
            self._batches.add(accepted(self._numbers.next(), document))
        except InvalidRecordError as error:
            self._batches.add(rejected(self._numbers.next(), error, as_bytes(event.record)))
        self._position.delivered(event)

    def _is_wanted(self, record: dict[str, Any], text: str) -> bool:
        options = self._options
        return (
            (options.replies or not is_reply(record))
            and (options.quotes or not is_quote(record))
            and self._filter.wants_language(languages(record))
            and self._filter.wants(text)
        )

    def _notice(self, notice: Notice) -> None:
        if notice.name == "FutureCursor":
            self._position.forget_number()
            raise ConnectionFailedError("the server does not know the cursor; it is resumed by time")
        self._asked_us = self._position.time_us if self._position.has_read else 0  # the next event shows how large the gap is
        self._certain_gap = True

    def _look_for_gap(self, event: StreamEvent) -> None:
        asked, certain = self._asked_us, self._certain_gap
        self._asked_us, self._certain_gap = 0, False
        if asked and (certain or event.time_us - asked > (_SPARSE_GAP_US if self._options.authors else _GAP_US)):
            self.gaps += 1
            self._context.report.gap()
            log.warning(
                "posts are missing: the server no longer has those from %s to %s",
                moment_of(asked).isoformat(timespec="seconds"),
                moment_of(event.time_us).isoformat(timespec="seconds"),
                extra={"source": self.name},
            )

    def _refused(self, error: ConnectionRefusedByServerError) -> None:
        """Do what a refused request needs: another cursor, another dictionary, patience, or the user."""
        name = _error_name(error.body)
        if error.status == 400 and name == "CursorTooOld" and self._position.by_number:
            self._position.forget_number()  # by time the server begins with the oldest that it has, and says so
        elif error.status == 400 and name == "CursorTooOld" and self._position.resume:
            if self._search is None:
                self._search = OldestSearch(self._position.resume, microseconds_of(self._context.clock.now()))
            else:
                self._search.refused()
            self._context.wait(SHORTEST_PAUSE, self._stop)
        elif error.status == 400 and name == "UnknownZstdDictionary" and self._unpacker.dictionary:
            self._unpacker.refused()
        elif error.status in {400, 401, 403, 404}:
            hint = 'check its options url, protocol and authors; a server without version 2 needs protocol = "v1"'
            self._pause(f"{redact_url(self._options.url)} refuses the stream: {error}; {hint}", error.pause_asked, refused=True)
        else:
            self._pause(str(error), error.pause_asked)

    def _pause(self, why: str, asked: float | None = None, *, refused: bool = False) -> None:
        pause = self._pauses.failed(asked, refused=refused)
        self._context.report.failed(why)
        log.warning("%s", why, extra={"source": self.name, "url": redact_url(self._options.url), "next_try_seconds": round(pause, 1)})
        self._context.wait(pause, self._stop)


def _error_name(body: str) -> str:
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        return ""
    return str(found.get("error", "")) if isinstance(found, dict) else ""

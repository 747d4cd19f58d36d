"""A Mastodon server as a source: its streaming API, and its REST API for what was written while nothing streamed."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlsplit

import orjson

from squall.core.errors import InvalidRecordError, StoppedError, UnavailableError
from squall.core.items import Batch
from squall.ingest.mastodon.options import MastodonOptions
from squall.ingest.mastodon.position import TimelinePosition, sort_key, written_at
from squall.ingest.mastodon.recheck import Recheck
from squall.ingest.mastodon.rest_api import SCOPES, RestApi
from squall.ingest.mastodon.statuses import document_id_of, is_readable, is_reply, languages, said, status_document, status_id, version
from squall.ingest.mastodon.timelines import PAGE, Timeline
from squall.ingest.registry.context import SourceContext
from squall.ingest.registry.live import LiveSource, RefusedError
from squall.ingest.social.batching import StreamBatches
from squall.ingest.social.pauses import Pauses
from squall.ingest.social.text_filter import TextFilter, entity_finder
from squall.ingest.social.web_socket import ConnectionFailedError, ConnectionRefusedByServerError, WebSocket, open_web_socket
from squall.ingest.source import OriginNumbers, accepted, as_bytes, deleted, rejected

log = logging.getLogger(__name__)

_STOP_CHECK_SECONDS: Final = 0.05
RECHECK_SECONDS: Final = 60.0
"""How soon what could not be looked at for deletions after a connection is looked at again."""
CHECK_SECONDS: Final = 600.0
"""How often timelines are read by REST although they stream: a stream can fall silent without an error."""
_DELETED: Final = "deleted"


class MastodonSource(LiveSource):
    """Reads timelines of a server until stopped; reconnects, and fetches what was written meanwhile.

    The stream is opened first and the REST API asked then, so nothing falls between them; what comes both ways is delivered once.

    Args:
        options: what to read.
        context: clock, cursor, HTTP and whom it reports to.
        pauses: between attempts to connect.
    """

    def __init__(self, options: MastodonOptions, context: SourceContext, pauses: Pauses | None = None) -> None:
        super().__init__(context)
        self._options = options
        self._host = urlsplit(options.url).netloc
        self._token = options.token.get_secret_value()
        self._filter = TextFilter(options, entity_finder(context))
        self._api = RestApi(options.url, self._token, context)
        self._numbers = OriginNumbers(context.name, context.clock)
        start = context.clock.now() - timedelta(hours=options.start_hours) if options.start_hours else None
        self._position = TimelinePosition(context.cursor.load(), int(start.timestamp() * 1000) if start else 0)
        self._recheck = Recheck(self._api, options.timelines, self._position.statuses)
        self._batches = StreamBatches(context.clock, context.cursor, self._position.cursor)
        self._pauses = pauses or Pauses(context.random)
        self.gaps = 0
        """How often a list no longer had what was written since it was read."""

    def batches(self, stop: threading.Event) -> Iterator[Batch]:
        """Deliver statuses and deletions as they come; see `squall.ingest.source.Source`."""
        self._stop = stop
        while not self._is_over():
            try:
                yield from self._connection()
            except StoppedError:
                return
            except (ConnectionFailedError, UnavailableError) as error:
                if self._batches.waiting:
                    yield self._batches.take(caught_up=False)
                self._pause(error)

    def _connection(self) -> Iterator[Batch]:
        """Connect once, fetch what was missed, and read until the connection ends."""
        address = f"{self._api.streaming_url(self._stop)}/api/v1/streaming"
        headers = {"Authorization": f"Bearer {self._token}"}
        with open_web_socket(address, self._context.http, headers, written=self._options.url) as socket:
            for timeline in self._options.timelines:
                socket.send(timeline.subscription)
            self._context.report.contact()
            log.info("connected", extra={"source": self.name, "timelines": [timeline.key for timeline in self._options.timelines]})
            self._position.statuses.disconnected()
            yield from self._fetch()
            self._pauses.succeeded()
            yield from self._look_for_changes()
            yield from self._read(socket)

    def _read(self, socket: WebSocket) -> Iterator[Batch]:
        clock = self._context.clock
        checked = rechecked = clock.monotonic()
        while not self._is_over():
            message = socket.receive(_STOP_CHECK_SECONDS)
            if message is not None:
                self._handle(message)
            if self._batches.due or (message is None and self._batches.has_items):
                self._context.report.contact()
                yield self._batches.take(caught_up=message is None)
            elif message is None:
                self._context.report.alive()
            if clock.monotonic() - checked >= CHECK_SECONDS:
                yield from self._fetch()
                checked = clock.monotonic()
            if not self._position.statuses.all_checked and clock.monotonic() - rechecked >= RECHECK_SECONDS:
                yield from self._look_for_changes()
                rechecked = clock.monotonic()

    def _fetch(self) -> Iterator[Batch]:
        """Deliver what the timelines have since they were last read; at the first start only note where they are.

        A timeline that the server refuses, as a list that is gone, does not hold up the others.

        Raises:
            RefusedError: it refuses all of them.
        """
        refusals: list[RefusedError] = []
        for timeline in self._options.timelines:
            try:
                yield from self._fetch_timeline(timeline)
            except RefusedError as error:
                refusals.append(error)
        if len(refusals) == len(self._options.timelines):
            raise refusals[0]
        for refusal in refusals:
            self._context.report.failed(str(refusal))
            log.warning("%s; the others are read", refusal, extra={"source": self.name, "host": self._host})
        if self._batches.waiting:
            yield self._batches.take(caught_up=True)

    def _fetch_timeline(self, timeline: Timeline) -> Iterator[Batch]:
        after, known = self._position.read_from(timeline.key), self._position.newest(timeline.key)
        if not after:
            newest = self._api.statuses(timeline.page("", 1), self._stop)
            self._position.saw(timeline.key, status_id(newest[0]) if newest else "0")
            self._batches.passed()
            return
        first = True
        while not self._is_over():
            before = after
            found = self._api.statuses(timeline.page(after), self._stop)
            self._context.report.contact()
            statuses = sorted(found, key=lambda each: sort_key(str(each.get("id"))))
            if first and len(statuses) == PAGE and timeline.is_cut and known:
                self._look_for_gap(timeline, known, statuses[0])
            for status in statuses:
                self._take(status, timeline.key)
                after = max(after, str(status.get("id")), key=sort_key)
            if self._batches.due:
                yield self._batches.take(caught_up=False)
            if len(statuses) < PAGE or after == before:
                return
            first = False

    def _look_for_gap(self, timeline: Timeline, known: str, oldest: dict[str, Any]) -> None:
        """Say so if a timeline of which servers keep only the newest statuses does not go back to the one that was read last."""
        began = str(oldest.get("id"))
        if sort_key(began) <= sort_key(known) or self._api.statuses(timeline.page_before(began, 1), self._stop):
            return
        self.gaps += 1
        self._context.report.gap()
        log.warning(
            "statuses of %s are missing: the server no longer has those from %s to %s in it",
            timeline.key,
            written_at(known) or known,
            written_at(began) or began,
            extra={"source": self.name, "host": self._host},
        )

    def _look_for_changes(self) -> Iterator[Batch]:
        """Deliver deletions and edits of what was delivered before the connection."""
        for change in self._recheck.changes(self._stop):
            if change.status is None:
                self._take_back(change.number)
            else:
                self._take(change.status, "", in_timeline=change.in_timeline)
            if self._batches.due:
                yield self._batches.take(caught_up=False)
            if self._is_over():
                return

    def _handle(self, message: bytes) -> None:
        """Take one message of the stream in."""
        try:
            frame = orjson.loads(message)
            if not isinstance(frame, dict):
                raise InvalidRecordError("broken_json", "the message is not a JSON object")
            if frame.get("error"):  # it refuses a subscription; the others go on
                why = f"{self._options.url} reports an error in the stream; {SCOPES}"
                self._context.report.failed(why)
                log.warning("%s", why, extra={"source": self.name})
                return
            event, payload = frame.get("event"), frame.get("payload")
            if event == "delete":
                self._take_back(str(payload))
            elif event in {"update", "status.update"}:
                status = orjson.loads(payload) if isinstance(payload, str) else payload
                if not isinstance(status, dict):
                    raise InvalidRecordError("broken_json", "the payload is not a JSON object")
                self._take(status, _timeline_of(frame))
        except orjson.JSONDecodeError as error:
            self._batches.add(rejected(self._numbers.next(), InvalidRecordError("broken_json", f"not JSON: {error}"), message))
        except InvalidRecordError as error:
            self._batches.add(rejected(self._numbers.next(), error, message))

    def _take_back(self, number: str) -> None:
        key = f"{number}/{_DELETED}"
        if self._position.is_new(key):
            self._batches.add(deleted(self._numbers.next(), document_id_of(number, self._host, self._options.source)))
            self._position.delivered(key)
        self._position.statuses.forget(number)

    def _take(self, status: dict[str, Any], timeline: str, *, in_timeline: bool = True) -> None:
        """Add a status, if it is wanted and was not delivered, and note how far its timeline has come; one that left it is not wanted."""
        try:
            number = status_id(status)
            key = f"{number}/{version(status)}"
            if timeline and not version(status):
                self._position.saw(timeline, number)
            self._batches.passed()
            wanted = in_timeline and self._is_wanted(status)
            if not (wanted or version(status)) or not self._position.is_new(key):
                return
            self._position.delivered(key)
            if not wanted:  # changed to what is not read: what it said before is taken back
                self._batches.add(deleted(self._numbers.next(), document_id_of(number, self._host, self._options.source)))
                self._position.statuses.forget(number)
                return
            document = status_document(status, self._host, self._options.source, self._context.clock.now())
            self._batches.add(accepted(self._numbers.next(), document))
            self._position.statuses.add(number, timeline, version(status))
        except InvalidRecordError as error:
            self._batches.add(rejected(self._numbers.next(), error, as_bytes(status)))

    def _is_wanted(self, status: dict[str, Any]) -> bool:
        if not is_readable(status) or (is_reply(status) and not self._options.replies):
            return False
        text = said(status)
        return bool(text) and self._filter.wants_language(languages(status)) and self._filter.wants(text)

    def _pause(self, error: Exception) -> None:
        why, asked, refused = str(error), None, isinstance(error, RefusedError)
        if isinstance(error, ConnectionRefusedByServerError):
            asked, refused = error.pause_asked, error.status in {401, 403, 404}
            why = f"{self._options.url} refuses the stream: {error}; {SCOPES}" if refused else why
        pause = self._pauses.failed(asked, refused=refused)
        self._context.report.failed(why)
        log.warning("%s", why, extra={"source": self.name, "host": self._host, "next_try_seconds": round(pause, 1)})
        self._context.wait(pause, self._stop)


def _timeline_of(frame: dict[str, Any]) -> str:
    """Return the key of the timeline that a message of the stream belongs to."""
    stream = frame.get("stream")
    return Timeline(*(str(part) for part in stream[:2])).key if isinstance(stream, list) and stream else ""

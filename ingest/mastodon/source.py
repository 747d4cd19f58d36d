"""A Mastodon server as a source: its streaming API, and its REST API for what was written while nothing streamed."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlsplit

import orjson

from squall.core.errors import ConfigurationError, InvalidRecordError, StoppedError, UnavailableError
from squall.core.items import Batch
from squall.ingest.mastodon.options import MastodonOptions
from squall.ingest.mastodon.position import TimelinePosition, sort_key
from squall.ingest.mastodon.rest_api import RestApi
from squall.ingest.mastodon.statuses import document_id_of, is_readable, is_reply, languages, said, status_document, status_id, version
from squall.ingest.mastodon.timelines import PAGE, Timeline
from squall.ingest.registry.context import SourceContext
from squall.ingest.registry.live import LiveSource
from squall.ingest.social.batching import StreamBatches
from squall.ingest.social.pauses import Pauses
from squall.ingest.social.text_filter import TextFilter, entity_finder
from squall.ingest.social.web_socket import ConnectionFailedError, ConnectionRefusedByServerError, WebSocket, open_web_socket
from squall.ingest.source import OriginNumbers, accepted, as_bytes, deleted, rejected

log = logging.getLogger(__name__)

_STOP_CHECK_SECONDS: Final = 0.05
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
        self._batches = StreamBatches(context.clock, context.cursor, self._position.cursor)
        self._pauses = pauses or Pauses(context.random)

    def batches(self, stop: threading.Event) -> Iterator[Batch]:
        """Deliver statuses and deletions as they come; see `squall.ingest.source.Source`."""
        self._stop = stop
        while not self._is_over():
            try:
                yield from self._connection()
            except StoppedError:
                return
            except (ConnectionFailedError, UnavailableError) as error:
                if isinstance(error, ConnectionRefusedByServerError) and error.status in {401, 403}:
                    what = f"{self._options.url} refuses the stream of source {self.name}: {error}"
                    raise ConfigurationError(what, "check its token, whose scopes are read:statuses and, for lists, read:lists") from None
                if self._batches.waiting:
                    yield self._batches.take(caught_up=False)
                self._pause(error)

    def _connection(self) -> Iterator[Batch]:
        """Connect once, fetch what was missed, and read until the connection ends."""
        address = f"{self._api.streaming_url(self._stop)}/api/v1/streaming"
        headers = {"Authorization": f"Bearer {self._token}"}
        with open_web_socket(address, self._context.http.user_agent, headers) as socket:
            for timeline in self._options.timelines:
                socket.send(timeline.subscription)
            self._context.report.contact()
            log.info("connected", extra={"source": self.name, "timelines": [timeline.key for timeline in self._options.timelines]})
            yield from self._fetch()
            self._pauses.succeeded()
            yield from self._read(socket)

    def _read(self, socket: WebSocket) -> Iterator[Batch]:
        clock = self._context.clock
        checked = clock.monotonic()
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

    def _fetch(self) -> Iterator[Batch]:
        """Deliver what the timelines have since they were last read; at the first start only note where they are."""
        for timeline in self._options.timelines:
            after = self._position.read_from(timeline.key)
            if not after:
                newest = self._api.statuses(timeline.page("", 1), self._stop)
                self._position.saw(timeline.key, status_id(newest[0]) if newest else "0")
                self._batches.passed()
                continue
            while not self._is_over():
                before = after
                statuses = self._api.statuses(timeline.page(after), self._stop)
                self._context.report.contact()
                for status in sorted(statuses, key=lambda each: sort_key(str(each.get("id")))):
                    self._take(status, timeline.key)
                    after = max(after, str(status.get("id")), key=sort_key)
                if self._batches.due:
                    yield self._batches.take(caught_up=False)
                if len(statuses) < PAGE or after == before:
                    break
        if self._batches.waiting:
            yield self._batches.take(caught_up=True)

    def _handle(self, message: bytes) -> None:
        """Take one message of the stream in.

        Raises:
            ConnectionFailedError: the server reports an error.
        """
        try:
            frame = orjson.loads(message)
            if not isinstance(frame, dict):
                raise InvalidRecordError("broken_json", "the message is not a JSON object")
            if frame.get("error"):
                raise ConnectionFailedError("the server reports an error in the stream")
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

    def _take(self, status: dict[str, Any], timeline: str) -> None:
        """Add a status, if it is wanted and was not delivered, and note how far its timeline has come."""
        try:
            number = status_id(status)
            key = f"{number}/{version(status)}"
            if not version(status):
                self._position.saw(timeline, number)
            self._batches.passed()
            if not self._is_wanted(status) or not self._position.is_new(key):
                return
            self._position.delivered(key)
            document = status_document(status, self._host, self._options.source, self._context.clock.now())
            self._batches.add(accepted(self._numbers.next(), document))
        except InvalidRecordError as error:
            self._batches.add(rejected(self._numbers.next(), error, as_bytes(status)))

    def _is_wanted(self, status: dict[str, Any]) -> bool:
        if not is_readable(status) or (is_reply(status) and not self._options.replies):
            return False
        text = said(status)
        return bool(text) and self._filter.wants_language(languages(status)) and self._filter.wants(text)

    def _pause(self, error: Exception) -> None:
        asked = error.retry_after if isinstance(error, ConnectionRefusedByServerError) else ""
        pause = self._pauses.failed(min(float(asked), 3_600.0) if asked.isdigit() and len(asked) < 6 else None)
        log.warning("%s", error, extra={"source": self.name, "host": self._host, "next_try_seconds": round(pause, 1)})
        self._context.wait(pause, self._stop)


def _timeline_of(frame: dict[str, Any]) -> str:
    """Return the key of the timeline that a message of the stream belongs to."""
    stream = frame.get("stream")
    return Timeline(*(str(part) for part in stream[:2])).key if isinstance(stream, list) and stream else ""

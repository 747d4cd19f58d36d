"""The live page's server-sent events: one poller per process for any number of open pages, and no polling while no page is open."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any, Final, TypeVar

from fastapi.sse import KEEPALIVE_COMMENT, format_sse_event
from pydantic import BaseModel
from starlette.responses import StreamingResponse
from starlette.types import Receive

from squall.core.errors import SquallError
from squall.dashboards.page.change_feed import ChangeFeed, Changes, Cursor
from squall.dashboards.page.schemas.events import DocumentsEvent, HelloEvent, StoreUnavailableEvent

log = logging.getLogger("squall.web")

T = TypeVar("T")

POLL_SECONDS: Final = 1.0
HEARTBEAT_SECONDS: Final = 15.0
MAX_SUBSCRIBERS: Final = 200
_QUEUE: Final = 64
"""Events that wait for a slow client: about half a minute of them."""
_RETRY_MS: Final = 2000
_HEALTH_TICKS: Final = 2
_MOOD_TICKS: Final = 5


class TooManySubscribersError(SquallError):
    """No more streams can be opened."""


class Subscriber:
    """One open page. Frames wait in a bounded queue; a client that does not read them is dropped, reconnects and resumes."""

    def __init__(self, cursor: Cursor | None) -> None:
        self.cursor = cursor
        self.greeted = False
        self.dropped = asyncio.Event()
        self._frames: asyncio.Queue[bytes | None] = asyncio.Queue(_QUEUE)

    def put(self, frame: bytes | None) -> None:
        """Queue a frame, or None to end the stream; a full queue drops the client."""
        try:
            self._frames.put_nowait(frame)
        except asyncio.QueueFull:
            self.dropped.set()

    async def frames(self) -> AsyncIterator[bytes]:
        """Yield frames as they come, and a keep-alive comment when there are none for a while."""
        while not self.dropped.is_set():
            try:
                frame = await asyncio.wait_for(self._frames.get(), HEARTBEAT_SECONDS)
            except TimeoutError:
                frame = KEEPALIVE_COMMENT
            if frame is None:
                return
            yield frame


class EventBroadcaster:
    """Polls the store while there are subscribers, and sends what changed to all of them. Use it on one event loop.

    Args:
        feed: polled in a thread.
        interval: seconds between polls.
    """

    def __init__(self, feed: ChangeFeed, interval: float, max_subscribers: int = MAX_SUBSCRIBERS) -> None:
        self._feed = feed
        self._max_subscribers = max_subscribers
        self._interval = interval
        self._subscribers: set[Subscriber] = set()
        self._task: asyncio.Task[None] | None = None
        self._wake = asyncio.Event()
        self._mood_changed = False
        self._expired = False
        self._mood_tick = -_MOOD_TICKS
        self._closed = False
        self._thread = ThreadPoolExecutor(1, "squall-events")
        self._work: Future[Any] | None = None

    @property
    def subscribers(self) -> int:
        """The number of open streams."""
        return len(self._subscribers)

    def subscribe(self, cursor: str = "") -> Subscriber:
        """Open a stream that continues at `cursor`; an invalid cursor starts a new stream.

        Raises:
            TooManySubscribersError: the limit is reached, or the server is stopping.
        """
        if self._closed or len(self._subscribers) >= self._max_subscribers:
            raise TooManySubscribersError(f"{len(self._subscribers)} pages are already open", "close some of them, or try again later")
        subscriber = Subscriber(Cursor.parse(cursor))
        self._subscribers.add(subscriber)
        self._wake.set()
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run(), name="squall-events")
            self._task.add_done_callback(self._ended)
        return subscriber

    def unsubscribe(self, subscriber: Subscriber) -> None:
        """Close a stream; may be called again."""
        self._subscribers.discard(subscriber)
        if not self._subscribers:
            self._wake.set()

    def close(self) -> asyncio.Future[Any]:
        """End every stream and the poller, and accept no new ones. Await the result, the end of the last poll, before the store closes."""
        self._closed = True
        for subscriber in self._subscribers:
            subscriber.put(None)
        self._subscribers.clear()
        if self._task is not None:
            self._task.cancel()
        self._thread.shutdown(wait=False, cancel_futures=True)
        return asyncio.gather(*([asyncio.wrap_future(self._work)] if self._work is not None else []), return_exceptions=True)

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("the event stream failed: %s", error, exc_info=error)
            for subscriber in self._subscribers:  # they reconnect, which starts it again
                subscriber.dropped.set()
            self._subscribers.clear()

    async def _run(self) -> None:
        tick, due = 0, asyncio.get_running_loop().time()
        self._mood_tick = -_MOOD_TICKS
        while self._subscribers:
            self._wake.clear()
            await self._poll(tick)
            due += self._interval
            while (rest := due - asyncio.get_running_loop().time()) > 0 and self._subscribers:
                try:
                    await asyncio.wait_for(self._wake.wait(), rest)
                except TimeoutError:
                    break
                self._wake.clear()
                await self._poll(None)  # a client subscribed, or the last one left
            due = max(due, asyncio.get_running_loop().time() - self._interval)  # do not catch up on ticks that a slow store made late
            tick += 1
        self._feed.pause()

    async def _poll(self, tick: int | None) -> None:
        """Poll once and send the result; `tick` is None between two ticks, for a client that has just subscribed."""
        waiting = [subscriber for subscriber in self._subscribers if not subscriber.greeted]
        if tick is None and not waiting:
            return
        with_health = bool(waiting) or (tick is not None and tick % _HEALTH_TICKS == 0)
        try:
            changes = await self._in_thread(partial(self._feed.poll, with_health=with_health, greeting=bool(waiting)))
            missed = {who: await self._in_thread(partial(self._feed.missed_since, who.cursor)) for who in waiting if who.cursor}
        except SquallError as error:
            self._send(frame("store_unavailable", StoreUnavailableEvent(detail=str(error))), self._subscribers)
            return
        self._send_changes(changes, tick)
        for subscriber in waiting:
            self._greet(subscriber, missed.get(subscriber), changes)

    async def _in_thread(self, work: Callable[[], T]) -> T:
        """Run `work` in a dedicated thread, so that it does not wait behind other requests."""
        running = self._work = self._thread.submit(work)
        return await asyncio.shield(asyncio.wrap_future(running))  # cancelled when the broadcaster closes, while `_work` still runs

    def _send_changes(self, changes: Changes, tick: int | None) -> None:
        greeted = [subscriber for subscriber in self._subscribers if subscriber.greeted]
        if changes.documents:
            self._mood_changed = True
            self._send(frame("documents", changes.documents, self._feed.cursor), greeted)
        if changes.alerts:
            self._send(frame("alerts"), greeted)
        if changes.health:
            self._send(frame("health", changes.health), greeted)
        self._expired |= changes.expired
        due = False
        if self._mood_changed and tick is not None and tick - self._mood_tick >= _MOOD_TICKS:
            self._mood_changed, self._mood_tick, due = False, tick, True
        if self._expired and not self._mood_changed:  # else the counts are loaded again soon anyway
            self._expired = False
            self._send(frame("expired"), greeted)
        elif due:
            self._send(frame("mood"), greeted)

    def _greet(self, subscriber: Subscriber, missed: DocumentsEvent | None, changes: Changes) -> None:
        """Send a new subscriber its position and what it missed; from then on it receives what all others do."""
        subscriber.greeted = True
        cursor = self._feed.cursor
        subscriber.put(frame("hello", HelloEvent(cursor=cursor, interval=self._interval), cursor, retry=_RETRY_MS))
        if missed:
            subscriber.put(frame("documents", missed, cursor))
        if changes.health:
            subscriber.put(frame("health", changes.health))

    def _send(self, text: bytes, subscribers: Iterable[Subscriber]) -> None:
        for subscriber in list(subscribers):
            subscriber.put(text)
            if subscriber.dropped.is_set():
                log.info("closed a slow event-stream client; it reconnects and resumes")
                self._subscribers.discard(subscriber)


class EventStreamResponse(StreamingResponse):
    """The response to one page: frames until the page disconnects, is dropped, or the server stops."""

    media_type = "text/event-stream"

    def __init__(self, broadcaster: EventBroadcaster, subscriber: Subscriber) -> None:
        super().__init__(subscriber.frames(), headers={"Cache-Control": "no-cache", "X-Accel-Buffering": "no"})
        self._broadcaster = broadcaster
        self._subscriber = subscriber

    async def listen_for_disconnect(self, receive: Receive) -> None:
        """Return when the page has disconnected or was dropped, even while a frame waits for it to read."""
        gone = asyncio.ensure_future(super().listen_for_disconnect(receive))
        dropped = asyncio.ensure_future(self._subscriber.dropped.wait())
        try:
            await asyncio.wait({gone, dropped}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._broadcaster.unsubscribe(self._subscriber)
            gone.cancel()
            dropped.cancel()


def frame(event: str, body: BaseModel | None = None, cursor: str | None = None, *, retry: int | None = None) -> bytes:
    """Return one event as it is sent; without a body its data is {}."""
    data = body.model_dump_json() if body is not None else "{}"
    return format_sse_event(data_str=data, event=event, id=cursor, retry=retry)

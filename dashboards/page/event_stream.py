"""The live page's server-sent events: one poller per process, however many pages listen, and none while nobody does."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any, Final, TypeVar

from fastapi.sse import KEEPALIVE_COMMENT, format_sse_event
from pydantic import BaseModel
from starlette.responses import StreamingResponse
from starlette.types import Receive

from squall.core.errors import SquallError
from squall.dashboards.page.news import Cursor, News, NewsReader
from squall.dashboards.page.schemas.health import DocumentsEvent, HelloEvent, TroubleEvent

log = logging.getLogger("squall.web")

T = TypeVar("T")

POLL_SECONDS: Final = 1.0
HEARTBEAT_SECONDS: Final = 15.0
MAX_LISTENERS: Final = 200
_QUEUE: Final = 64
"""Events that wait for a slow client: about half a minute of them."""
_RETRY_MS: Final = 2000
_HEALTH_TICKS: Final = 2
_MOOD_TICKS: Final = 5


class TooManyListenersError(SquallError):
    """No more streams are opened."""


class Listener:
    """One open page. Frames wait in a bounded queue; who does not fetch them is dropped, reconnects and resumes."""

    def __init__(self, cursor: Cursor | None) -> None:
        self.cursor = cursor
        self.joined = False
        self.dropped = asyncio.Event()
        self._frames: asyncio.Queue[bytes | None] = asyncio.Queue(_QUEUE)

    def put(self, frame: bytes | None) -> None:
        """Queue a frame, None for the end; a full queue drops the client."""
        try:
            self._frames.put_nowait(frame)
        except asyncio.QueueFull:
            self.dropped.set()

    async def frames(self) -> AsyncIterator[bytes]:
        """Yield frames as they come, and a comment where there were none for a while."""
        while not self.dropped.is_set():
            try:
                frame = await asyncio.wait_for(self._frames.get(), HEARTBEAT_SECONDS)
            except TimeoutError:
                frame = KEEPALIVE_COMMENT
            if frame is None:
                return
            yield frame


class EventFeed:
    """Looks at the store while somebody listens, and tells all who do. To be used on one event loop.

    Args:
        reader: looks; is called in a thread.
        interval: seconds between two looks.
    """

    def __init__(self, reader: NewsReader, interval: float) -> None:
        self._reader = reader
        self._interval = interval
        self._listeners: set[Listener] = set()
        self._task: asyncio.Task[None] | None = None
        self._wake = asyncio.Event()
        self._stirred = False
        self._mood_tick = -_MOOD_TICKS
        self._closed = False
        self._thread = ThreadPoolExecutor(1, "squall-events")
        self._work: Future[Any] | None = None

    @property
    def listeners(self) -> int:
        """How many pages listen."""
        return len(self._listeners)

    def join(self, cursor: str = "") -> Listener:
        """Open a stream, from where `cursor` left off; one that makes no sense begins anew.

        Raises:
            TooManyListenersError: as it says, or the server stops.
        """
        if self._closed or len(self._listeners) >= MAX_LISTENERS:
            raise TooManyListenersError(f"{len(self._listeners)} pages listen already", "close some, or try again later")
        listener = Listener(Cursor.parse(cursor))
        self._listeners.add(listener)
        self._wake.set()
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run(), name="squall-events")
            self._task.add_done_callback(self._ended)
        return listener

    def leave(self, listener: Listener) -> None:
        """Close a stream; safe to call again."""
        self._listeners.discard(listener)
        if not self._listeners:
            self._wake.set()

    def close(self) -> asyncio.Future[Any]:
        """End every stream and the poller; open no new ones. Returns when the last look ends: await it before the store closes."""
        self._closed = True
        for listener in self._listeners:
            listener.put(None)
        self._listeners.clear()
        if self._task is not None:
            self._task.cancel()
        self._thread.shutdown(wait=False, cancel_futures=True)
        return asyncio.gather(*([asyncio.wrap_future(self._work)] if self._work is not None else []), return_exceptions=True)

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("the stream of events failed: %s", error, exc_info=error)
            for listener in self._listeners:  # they reconnect, and it starts again
                listener.dropped.set()
            self._listeners.clear()

    async def _run(self) -> None:
        tick, due = 0, asyncio.get_running_loop().time()
        self._mood_tick = -_MOOD_TICKS
        while self._listeners:
            self._wake.clear()
            await self._turn(tick)
            due += self._interval
            while (rest := due - asyncio.get_running_loop().time()) > 0 and self._listeners:
                try:
                    await asyncio.wait_for(self._wake.wait(), rest)
                except TimeoutError:
                    break
                self._wake.clear()
                await self._turn(None)  # somebody came, or the last one left
            due = max(due, asyncio.get_running_loop().time() - self._interval)  # a slow store is not asked faster afterwards
            tick += 1
        self._reader.pause()

    async def _turn(self, tick: int | None) -> None:
        """Look once and tell; `tick` None: between two ticks, for somebody who just came."""
        waiting = [listener for listener in self._listeners if not listener.joined]
        if tick is None and not waiting:
            return
        with_health = bool(waiting) or (tick is not None and tick % _HEALTH_TICKS == 0)
        try:
            news = await self._in_thread(partial(self._reader.look, with_health=with_health))
            resumed = {who: await self._in_thread(partial(self._reader.resume, who.cursor)) for who in waiting if who.cursor}
        except SquallError as error:
            self._tell(frame("trouble", TroubleEvent(detail=str(error))), self._listeners)
            return
        self._tell_news(news, tick)
        for listener in waiting:
            self._greet(listener, resumed.get(listener), news)

    async def _in_thread(self, work: Callable[[], T]) -> T:
        """Run `work` in a thread of its own, so that a page full of requests does not keep it waiting."""
        running = self._work = self._thread.submit(work)
        return await asyncio.shield(asyncio.wrap_future(running))  # given up when the feed closes, and still known to be under way

    def _tell_news(self, news: News, tick: int | None) -> None:
        everybody = [listener for listener in self._listeners if listener.joined]
        if news.documents:
            self._stirred = True
            self._tell(frame("documents", news.documents, self._reader.cursor), everybody)
        if news.desk:
            self._tell(frame("alerts"), everybody)
        if news.health:
            self._tell(frame("health", news.health), everybody)
        if self._stirred and tick is not None and tick - self._mood_tick >= _MOOD_TICKS:
            self._stirred, self._mood_tick = False, tick
            self._tell(frame("mood"), everybody)

    def _greet(self, listener: Listener, missed: DocumentsEvent | None, news: News) -> None:
        """Tell who just came where the stream is, and what was missed; from now on it hears what everybody does."""
        listener.joined = True
        cursor = self._reader.cursor
        listener.put(frame("hello", HelloEvent(cursor=cursor, interval=self._interval), cursor, retry=_RETRY_MS))
        if missed:
            listener.put(frame("documents", missed, cursor))
        if news.health:
            listener.put(frame("health", news.health))

    def _tell(self, text: bytes, listeners: set[Listener] | list[Listener]) -> None:
        for listener in list(listeners):
            listener.put(text)
            if listener.dropped.is_set():
                log.info("a page that did not fetch its events was dropped; it reconnects and resumes")
                self._listeners.discard(listener)


class EventStream(StreamingResponse):
    """The answer to one page: frames until it goes, is dropped, or the server stops."""

    media_type = "text/event-stream"

    def __init__(self, feed: EventFeed, listener: Listener) -> None:
        super().__init__(listener.frames(), headers={"Cache-Control": "no-cache", "X-Accel-Buffering": "no"})
        self._feed = feed
        self._listener = listener

    async def listen_for_disconnect(self, receive: Receive) -> None:
        """Return when the page is gone, or is to go: even while a frame waits for it to read."""
        gone = asyncio.ensure_future(super().listen_for_disconnect(receive))
        dropped = asyncio.ensure_future(self._listener.dropped.wait())
        try:
            await asyncio.wait({gone, dropped}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._feed.leave(self._listener)
            gone.cancel()
            dropped.cancel()


def frame(event: str, body: BaseModel | None = None, cursor: str | None = None, *, retry: int | None = None) -> bytes:
    """Return one event as it goes over the wire; without a body its data is {}."""
    data = body.model_dump_json() if body is not None else "{}"
    return format_sse_event(data_str=data, event=event, id=cursor, retry=retry)

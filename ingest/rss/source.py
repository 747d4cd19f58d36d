"""Feeds as a source: polled politely, each entry delivered once."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from random import Random
from typing import Any

import orjson
import xxhash

from squall.core.clock import Clock
from squall.core.config.settings import IngestSettings
from squall.core.delivery import Batch, Item
from squall.core.errors import ConfigurationError, InvalidRecordError
from squall.core.observability.health import Health
from squall.ingest.build import Defaults, build_document
from squall.ingest.cursors import CursorStore
from squall.ingest.rss.feeds import Feed, NotAFeedError, load_feeds, parse_feed
from squall.ingest.rss.fetch import Fetched, FetchError, FetchLimits, FetchStoppedError, Validators, fetch
from squall.ingest.source import BATCH_ITEMS, OriginNumbers, accepted, rejected

log = logging.getLogger(__name__)

THREADS = 8
"""Feeds fetched at the same time: so many may hang before another has to wait."""
LONGEST_BACKOFF = 3_600.0
"""Seconds between two tries of a feed that keeps failing, at most (a Retry-After may ask for more)."""
_LOOK_SECONDS = 0.2
_REMEMBERED = 2_000


@dataclass(slots=True)
class FeedState:
    """What is known of one feed; the counters are since the start."""

    feed: Feed
    validators: Validators = field(default_factory=Validators)
    seen: dict[str, None] = field(default_factory=dict)
    """Keys of delivered entries, oldest first."""
    next_at: float = 0.0
    failures: int = 0
    fetched: int = 0
    unchanged: int = 0
    errors: int = 0
    entries: int = 0
    last_error: str = ""

    def cursor(self) -> dict[str, Any]:
        """Return what must survive a restart."""
        return {"etag": self.validators.etag, "modified": self.validators.modified, "seen": list(self.seen)}


@dataclass(frozen=True, slots=True)
class _Poll:
    """What one poll of a feed brought: new validators and the fields of its entries."""

    validators: Validators
    entries: list[dict[str, Any]] | None


class RssSource:
    """Polls `feeds` until stopped and delivers entries it has not delivered before.

    An entry without a date gets the time it was collected. A failing feed (refused, timed out, HTTP error, HTML instead of XML)
    is logged, counted and tried again after its interval × 2, × 4, … up to an hour with jitter, and not before a Retry-After.

    Args:
        feeds: what to poll.
        settings: timeouts, limits, user agent.
        clock: schedules, and gives `collected_at`.
        random: jitter.
        cursors: ETag, Last-Modified and delivered entries, per feed; None forgets them at the end.
        once: poll every feed once and end.
        health: told of polls and progress.
    """

    def __init__(
        self,
        feeds: Sequence[Feed],
        settings: IngestSettings,
        clock: Clock,
        random: Random,
        cursors: CursorStore | None = None,
        *,
        once: bool = False,
        health: Health | None = None,
    ) -> None:
        self._health = health or Health(clock)
        self._clock = clock
        self._random = random
        self._cursors = cursors
        self._once = once
        self._numbers = OriginNumbers(self.name, clock)
        self._limits = FetchLimits(settings.request_timeout_seconds, settings.max_feed_bytes, settings.user_agent)
        self._host_interval = settings.host_interval_seconds
        self._host_free_at: dict[str, float] = {}
        self._pool: ThreadPoolExecutor | None = None
        self._closed = threading.Event()
        self.states = [self._load(feed) for feed in feeds]

    @property
    def name(self) -> str:
        """`rss`."""
        return "rss"

    @property
    def live(self) -> bool:
        """True; see `squall.ingest.source.Source`."""
        return True

    def batches(self, stop: threading.Event) -> Iterator[Batch]:
        """Deliver as feeds bring news; see `squall.ingest.source.Source`."""
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="rss")
        self._health.liveness.expect(self.name)
        waiting = list(self.states)
        flying: dict[Future[_Poll], FeedState] = {}
        while not stop.is_set() and not self._closed.is_set() and (waiting or flying):
            self._start_due(waiting, flying, stop)
            self._health.liveness.touch(self.name)
            if not flying:
                self._clock.sleep(_LOOK_SECONDS)
                continue
            for future in wait(flying, timeout=_LOOK_SECONDS, return_when=FIRST_COMPLETED).done:
                state = flying.pop(future)
                entries = self._landed(state, future)
                if not self._once:
                    waiting.append(state)
                yield from self._deliver(state, entries, stop)
        self.close()

    def close(self) -> None:
        """Stop the fetching threads."""
        self._closed.set()
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)

    def _load(self, feed: Feed) -> FeedState:
        cursor = (self._cursors.load(_cursor_name(feed)) if self._cursors else None) or {}
        seen = cursor.get("seen")
        keys = [key for key in seen if isinstance(key, str)] if isinstance(seen, list) else []
        validators = Validators(str(cursor.get("etag") or ""), str(cursor.get("modified") or ""))
        return FeedState(feed, validators, dict.fromkeys(keys), next_at=self._clock.monotonic())

    def _start_due(self, waiting: list[FeedState], flying: dict[Future[_Poll], FeedState], stop: threading.Event) -> None:
        """Start the fetches that are due, as many as there are threads, one at a time per host and not too soon after another."""
        now = self._clock.monotonic()
        busy = {state.feed.host for state in flying.values()}
        for state in sorted(waiting, key=lambda state: state.next_at):
            host = state.feed.host
            if state.next_at > now or len(flying) >= THREADS:
                break
            if host in busy or self._host_free_at.get(host, now) > now:
                continue
            busy.add(host)
            self._host_free_at[host] = now + self._host_interval
            waiting.remove(state)
            assert self._pool is not None
            flying[self._pool.submit(self._poll, state, stop)] = state

    def _poll(self, state: FeedState, stop: threading.Event) -> _Poll:
        """Fetch and parse, on a pool thread."""
        fetched: Fetched = fetch(state.feed.url, state.validators, self._limits, lambda: stop.is_set() or self._closed.is_set())
        if fetched.body is None:
            return _Poll(fetched.validators, None)
        # relative ids are resolved against the address as configured: a redirect must not make them other documents
        return _Poll(fetched.validators, parse_feed(fetched.body, fetched.content_type, state.feed.url))

    def _landed(self, state: FeedState, future: Future[_Poll]) -> list[dict[str, Any]]:
        """Note the outcome of a poll, schedule the next, return the entries."""
        interval = state.feed.interval_seconds
        try:
            poll = future.result()
        except FetchStoppedError:
            return []
        except Exception as error:  # noqa: BLE001 - whatever a hostile feed provokes in a parser, the other feeds go on
            state.failures += 1
            self._health.metrics.fetched("failed")
            state.errors += 1
            state.last_error = str(error) if isinstance(error, FetchError | NotAFeedError) else f"{type(error).__name__}: {error}"
            pause = backoff(interval, state.failures, error.retry_after if isinstance(error, FetchError) else None, self._random)
            state.next_at = self._clock.monotonic() + pause
            log.warning("feed failed: %s", state.last_error, extra={"feed": state.feed.url, "next_try_seconds": round(pause, 1)})
            return []
        state.failures = 0
        state.fetched += 1
        state.unchanged += poll.entries is None
        self._health.metrics.fetched("unchanged" if poll.entries is None else "news")
        state.next_at = self._clock.monotonic() + interval * self._random.uniform(0.95, 1.05)
        state.validators = poll.validators
        return poll.entries or []

    def _deliver(self, state: FeedState, entries: list[dict[str, Any]], stop: threading.Event) -> Iterator[Batch]:
        """Yield the entries not seen before, oldest first; the cursor with the new validators moves with the last of them."""
        news = self._unseen(state, entries)
        # until all are delivered a crash must fetch the feed anew, so the cursor keeps no validators
        for start in range(0, len(news), BATCH_ITEMS):
            if stop.is_set():
                return
            part = news[start : start + BATCH_ITEMS]
            last = start + BATCH_ITEMS >= len(news)
            state.seen.update(dict.fromkeys(key for key, _ in part))
            state.entries += len(part)
            cursor = state.cursor() if last else {**state.cursor(), "etag": "", "modified": ""}
            yield Batch([self._item(state.feed, entry) for _, entry in part], self._saver(state.feed, cursor), caught_up=last)

    def _unseen(self, state: FeedState, entries: list[dict[str, Any]]) -> list[tuple[str, dict[str, Any]]]:
        keyed = {_key(entry): entry for entry in reversed(entries)}
        for key in keyed:  # still in the feed: must be remembered longest
            if key in state.seen:
                del state.seen[key]
                state.seen[key] = None
        for key in list(state.seen)[: max(0, len(state.seen) - max(_REMEMBERED, 2 * len(keyed)))]:
            del state.seen[key]
        return [(key, entry) for key, entry in keyed.items() if key not in state.seen]

    def _item(self, feed: Feed, entry: dict[str, Any]) -> Item:
        origin = self._numbers.next()
        defaults = Defaults(source=feed.source, kind=feed.kind, symbols=feed.symbols, undated=True)
        fields = {**entry, "language": feed.language or entry.get("language")}
        try:
            return accepted(origin, build_document(fields, defaults, self._clock.now()))
        except InvalidRecordError as error:
            return rejected(origin, error, orjson.dumps(entry, default=str))

    def _saver(self, feed: Feed, cursor: dict[str, Any]) -> Any:
        def save() -> None:
            if self._cursors is not None:
                self._cursors.save(_cursor_name(feed), cursor)

        return save


def open_feeds(
    settings: IngestSettings, clock: Clock, cursors: CursorStore | None, *, once: bool = False, health: Health | None = None
) -> RssSource:
    """Return the source over the feeds that `settings.feeds` lists.

    Raises:
        ConfigurationError: no list is set, or it is wrong.
    """
    if settings.feeds is None:
        raise ConfigurationError("no list of feeds is set", "set SQUALL_INGEST__FEEDS=feeds.toml")
    return RssSource(load_feeds(settings.feeds), settings, clock, Random(), cursors, once=once, health=health)  # noqa: S311 - jitter


def backoff(interval: float, failures: int, asked: float | None, random: Random) -> float:
    """Return the seconds to wait after the `failures`-th failure in a row: doubling up to an hour, jittered, at least `asked`."""
    doubled = min(max(LONGEST_BACKOFF, interval), interval * 2.0 ** min(failures, 20))
    return max(asked or 0.0, doubled * random.uniform(0.75, 1.0))


def _cursor_name(feed: Feed) -> str:
    return f"rss:{feed.url}"


def _key(entry: dict[str, Any]) -> str:
    """What makes an entry the same entry: its id, else its link, else its words."""
    key = entry.get("id") or entry.get("url") or f"{entry.get('title')}\x1f{entry.get('text')}"
    return xxhash.xxh3_128_hexdigest(str(key).encode("utf-8", "replace"))

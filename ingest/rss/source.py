"""Feeds as a source: polled on a schedule, each entry delivered once, and again when its title or text has changed."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import timedelta
from random import Random
from typing import Any

from squall.core.clock import Clock
from squall.core.config.settings import IngestSettings, Settings
from squall.core.errors import ConfigurationError
from squall.core.items import Batch, Item
from squall.core.net.addresses import redact_url
from squall.core.net.outbound.client import OutboundClient
from squall.core.observability.health import Health
from squall.core.records import CLOCK_SKEW
from squall.ingest.article.reader import MOST_PAGE_BYTES
from squall.ingest.cursors import CursorStore
from squall.ingest.host_intervals import HostIntervals
from squall.ingest.rss.articles import Articles
from squall.ingest.rss.entry_identity import IdentifiedEntry
from squall.ingest.rss.entry_reader import EntryReader
from squall.ingest.rss.feed import Feed
from squall.ingest.rss.feed_formats import NotAFeedError
from squall.ingest.rss.feed_list import joined, load_feeds
from squall.ingest.rss.feed_state import FeedState, Poll
from squall.ingest.rss.fetch import FetchError, FetchLimits, FetchStoppedError, Validators, fetch
from squall.ingest.rss.parser.pool import Entry, ParserError, ParserPool
from squall.ingest.rss.poll_schedule import PollSchedule
from squall.ingest.rss.presets import preset_feeds
from squall.ingest.source import BATCH_ITEMS, OriginNumbers, no_commit

log = logging.getLogger(__name__)

THREADS = 8
"""The most feeds fetched at the same time."""
_STOP_CHECK_SECONDS = 0.1


class RssSource:
    """Polls `feeds` until stopped and delivers entries that it has not delivered before, or not with this title and text.

    An entry without a date, or with one that can't be read or believed, gets the time it was collected and is marked as undated. One
    that is dated ahead, by a day at most, waits until it is due. A failing feed (connection refused, timeout, HTTP error, HTML instead of
    XML) is logged, counted and polled again after its interval × 2, × 4, … up to an hour with jitter, and not before a Retry-After. So is
    a feed with too many rejected entries in a row; the others go on.

    Args:
        feeds: the feeds to poll.
        settings: timeouts, limits, user agent.
        clock: schedules, and gives `collected_at`.
        random: jitter.
        cursors: store ETag, Last-Modified and delivered entries per feed; None stores nothing.
        once: poll every feed once and end.
        health: receives the outcomes of polls, and liveness.
        most_ahead: an entry that is dated further ahead waits.
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
        most_ahead: timedelta = CLOCK_SKEW,
    ) -> None:
        self._health = health or Health(clock)
        self._clock = clock
        self._cursors = cursors
        self._once = once
        self._reader = EntryReader(OriginNumbers(self.name, clock), clock, self._health, most_ahead)
        self._client = OutboundClient(settings.private_hosts, "SQUALL_INGEST__PRIVATE_HOSTS")
        self._parsers = ParserPool(max(settings.max_feed_bytes, MOST_PAGE_BYTES))
        intervals = HostIntervals(clock, settings.host_interval_seconds)
        self._articles = Articles(feeds, settings, self._client, self._parsers, intervals, clock, self._health)
        self._most_rejects = settings.max_consecutive_rejects
        self._limits = FetchLimits(settings.request_timeout_seconds, settings.max_feed_bytes, settings.user_agent)
        self._schedule = PollSchedule(clock, random, intervals)
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
        """Deliver new entries as polls return them; see `squall.ingest.source.Source`."""
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="rss")
        self._health.liveness.expect(self.name)
        waiting = list(self.states)
        running: dict[Future[Poll], FeedState] = {}
        reading: dict[Future[list[IdentifiedEntry]], FeedState] = {}

        def stopped() -> bool:
            return stop.is_set() or self._closed.is_set()

        while not stopped() and (waiting or running or reading):
            busy = [state.feed.host for state in running.values() if state.fetching]
            for state in self._schedule.due(waiting, busy, THREADS - len(running)):
                waiting.remove(state)
                state.fetching = True
                running[self._pool.submit(self._poll, state, stopped)] = state
            self._health.liveness.touch(self.name)
            for state in self.states:
                # while articles are read, entries of an earlier poll are not delivered: the cursor would move over those that are read
                if state.early and state not in reading.values() and (due := state.due(self._clock.now())):
                    yield from self._undisturbed(state, due, stop)
            if not running and not reading:
                self._clock.sleep(_STOP_CHECK_SECONDS)
                continue
            pending: list[Future[Any]] = [*running, *reading]
            done = wait(pending, timeout=_STOP_CHECK_SECONDS, return_when=FIRST_COMPLETED).done
            ready = [(reading.pop(future), future.result()) for future in list(reading) if future in done]
            for future in [future for future in running if future in done]:
                state = running.pop(future)
                new = self._new(state, self._finished(state, future))
                if (articles := self._articles.begin(state, new, stopped)) is not None:
                    reading[articles] = state
                else:
                    ready.append((state, new))
            for state, new in ready:
                if not self._once:
                    waiting.append(state)
                yield from self._undisturbed(state, new, stop)
        self.close()

    def close(self) -> None:
        """Stop the fetching threads and the parsers."""
        self._closed.set()
        self._articles.close()
        self._parsers.close()
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)

    def _load(self, feed: Feed) -> FeedState:
        state = FeedState(feed, next_at=self._clock.monotonic())
        if self._cursors is not None:
            self._cursors.rename(state.old_cursor_name, state.cursor_name)
        state.restore((self._cursors.load(state.cursor_name) if self._cursors else None) or {})
        return state

    def _poll(self, state: FeedState, stopped: Callable[[], bool]) -> Poll:
        """Fetch and parse, on a thread of the pool."""
        try:
            fetched = fetch(state.feed.url, state.validators, self._client, self._limits, stopped, self._clock)
        finally:
            state.fetching = False
        if fetched.body is None:
            return Poll(fetched.validators, None)
        # relative ids are resolved against the URL as configured: a redirect must not change the identity of documents
        feed = self._parsers.parse(fetched.body, fetched.content_type, state.feed.url)
        return Poll(fetched.validators if feed.complete else Validators(), feed.entries, feed.complete)

    def _finished(self, state: FeedState, future: Future[Poll]) -> list[Entry]:
        """Record the outcome of a poll, schedule the next, return the entries."""
        try:
            poll = future.result()
        except FetchStoppedError:
            return []
        except (FetchError, NotAFeedError, ParserError) as error:
            self._failed(state, str(error), error.retry_after if isinstance(error, FetchError) else None)
            return []
        except Exception as error:  # noqa: BLE001 - an error of any kind in one feed must not stop the others; its message may be foreign
            self._failed(state, type(error).__name__)
            return []
        state.validators = poll.validators
        if not poll.complete:
            self._failed(state, "some entries take too much time or memory; the others are read")
            return poll.entries or []
        self._health.sources.contact(self.name)
        state.fetched += 1
        state.unchanged += poll.entries is None
        self._health.metrics.fetched("unchanged" if poll.entries is None else "news")
        self._schedule.succeeded(state)
        return poll.entries or []

    def _failed(self, state: FeedState, why: str, retry_after: float | None = None) -> None:
        state.errors += 1
        state.last_error = why
        self._health.metrics.fetched("failed")
        pause = self._schedule.failed(state, retry_after)
        log.warning("polling a feed failed: %s", why, extra={"feed": redact_url(state.feed.url), "next_try_seconds": round(pause, 1)})

    def _pause(self, state: FeedState, reasons: Counter[str]) -> None:
        """Poll a feed that delivers nothing but rejects less and less often, and read what is left of it then."""
        state.validators = Validators()
        state.last_error = f"{state.rejects_in_row} items in a row were rejected, most with {reasons.most_common(1)[0][0]}"
        state.rejects_in_row = 0
        self._health.metrics.fetched("paused")
        pause = self._schedule.paused(state)
        log.warning(
            "a feed is paused, the others go on: %s (limit %d; to have more dead-lettered, raise SQUALL_INGEST__MAX_CONSECUTIVE_REJECTS)",
            state.last_error,
            self._most_rejects,
            extra={"feed": redact_url(state.feed.url), "next_try_seconds": round(pause, 1)},
        )

    def _new(self, state: FeedState, entries: Sequence[Entry]) -> list[IdentifiedEntry]:
        """Return the entries of a poll that were not delivered as they are, oldest first, and log what became of the others."""
        new = state.undelivered(entries)
        waiting = sum(state.waits(entry) for entry in new)
        if len(new) > waiting and not state.failures:
            self._schedule.has_news(state)
        if len(new) > waiting or state.repeated:
            changed = sum(entry.changed and not state.waits(entry) for entry in new)
            counts = {"new": len(new) - waiting - changed, "changed": changed, "waiting": waiting}
            counts |= {"delivered_before": state.known, "duplicates": state.repeated}
            log.info("a feed was read", extra={"feed": redact_url(state.feed.url), "entries": len(entries), **counts})
        return new

    def _undisturbed(self, state: FeedState, new: Sequence[IdentifiedEntry], stop: threading.Event) -> Iterator[Batch]:
        """Yield new entries as `_deliver` does; an error of any kind in one feed must not stop the others."""
        try:
            yield from self._deliver(state, new, stop)
        except Exception as error:
            log.exception("the entries of a feed can't be delivered", extra={"feed": redact_url(state.feed.url)})
            state.validators = Validators()  # the next poll reads them again
            self._failed(state, type(error).__name__)

    def _deliver(self, state: FeedState, new: Sequence[IdentifiedEntry], stop: threading.Event) -> Iterator[Batch]:
        """Yield new entries, oldest first; the cursor with the new validators moves with the last of them."""
        for start in range(0, len(new), BATCH_ITEMS):
            if stop.is_set():
                return
            items, read, paused = self._items(state, new[start : start + BATCH_ITEMS])
            last = paused or start + BATCH_ITEMS >= len(new)
            state.delivered.update((entry.key, entry.digest) for entry in read)
            state.entries += len(items)
            # before the last part is delivered a crash must fetch the whole feed again, so the cursor has no validators yet
            cursor = state.cursor() if last else {**state.cursor(), "etag": "", "modified": ""}
            yield Batch(items, self._commit(state, cursor), caught_up=last)
            if paused:
                return
        state.pauses = 0

    def _items(self, state: FeedState, entries: Sequence[IdentifiedEntry]) -> tuple[list[Item], list[IdentifiedEntry], bool]:
        """Return items and the entry of each, up to the one with which the feed reaches the limit of rejects, and whether it was reached.

        Of an entry that is dated ahead there is none; it waits in `state.early`.
        """
        items: list[Item] = []
        read: list[IdentifiedEntry] = []
        reasons: Counter[str] = Counter()
        for entry in entries:
            item = self._reader.item(state, entry)
            if item is None:
                continue
            items.append(item)
            read.append(entry)
            state.rejects_in_row = state.rejects_in_row + 1 if item.rejection else 0
            if item.rejection is None:
                continue
            reasons[item.rejection.reason] += 1
            if state.rejects_in_row > self._most_rejects:
                self._pause(state, reasons)
                return items, read, True
        return items, read, False

    def _commit(self, state: FeedState, cursor: dict[str, Any]) -> Callable[[], None]:
        cursors = self._cursors
        return (lambda: cursors.save(state.cursor_name, cursor)) if cursors else no_commit


def open_feeds(
    settings: Settings, clock: Clock, cursors: CursorStore | None, *, once: bool = False, health: Health | None = None
) -> RssSource:
    """Return the source over the feeds that `settings.ingest.feeds` lists, and those of `settings.ingest.presets`.

    Raises:
        ConfigurationError: no list is set, or it is invalid.
    """
    ingest = settings.ingest
    if ingest.feeds is None and not ingest.presets:
        raise ConfigurationError("no feed list is set", "set SQUALL_INGEST__FEEDS=feeds.toml, or name a preset: `squall ingest rss --help`")
    ahead = timedelta(seconds=settings.processor.max_future_seconds)
    feeds = joined(load_feeds(ingest.feeds) if ingest.feeds else (), preset_feeds(ingest.presets))
    random = Random()  # noqa: S311 - jitter
    return RssSource(feeds, ingest, clock, random, cursors, once=once, health=health, most_ahead=ahead)

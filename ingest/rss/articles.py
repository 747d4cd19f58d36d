"""Articles behind entries of feeds that say little: read by threads of their own, between a poll and the delivery of its entries."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from typing import Final

from squall.core.clock import Clock
from squall.core.config.settings import IngestSettings
from squall.core.errors import ConfigurationError
from squall.core.net.addresses import redact_url
from squall.core.net.outbound.client import OutboundClient
from squall.core.net.outbound.errors import RequestStoppedError
from squall.core.observability.health import Health
from squall.core.observability.metric_spec import ArticleOutcome
from squall.ingest.article.errors import ArticleError
from squall.ingest.article.reader import LEAST_CHARS, ArticleReader
from squall.ingest.article.robots import Robots
from squall.ingest.article.web import Visit, Web
from squall.ingest.host_intervals import HostIntervals, host_of
from squall.ingest.links import trimmed
from squall.ingest.rss.entry_identity import IdentifiedEntry
from squall.ingest.rss.feed import Feed
from squall.ingest.rss.feed_state import FeedState
from squall.ingest.rss.parser.pool import ParserError, ParserPool

log = logging.getLogger(__name__)

MOST_OF_A_POLL: Final = 50
"""Articles of one poll; the newest, where there are more."""
MOST_SECONDS: Final = 120.0
"""No request for an article of a poll begins later: the entries wait for their articles."""
_THREADS: Final = 8
_PACKAGES: Final = ("trafilatura", "protego")


@dataclass(slots=True)
class _Reading:
    """The articles of one poll: entries in their order, with the text of each article that was read; `left` groups are under way."""

    state: FeedState
    visit: Visit
    entries: list[IdentifiedEntry]
    left: int
    done: Future[list[IdentifiedEntry]] = field(default_factory=Future)


class Articles:
    """Reads articles of several feeds at a time, those of one host one after the other.

    Args:
        feeds: all feeds of the source.
        settings: timeouts, user agent.
        client: decides which hosts may be reached.
        parsers: read pages and robots.txt.
        intervals: the pauses between requests to one host, shared with polls.
        clock: measures pauses and deadlines.
        health: counts what became of each article.

    Raises:
        ConfigurationError: a feed lists `article = true`, and the packages that it needs are not installed.
    """

    def __init__(
        self,
        feeds: Sequence[Feed],
        settings: IngestSettings,
        client: OutboundClient,
        parsers: ParserPool,
        intervals: HostIntervals,
        clock: Clock,
        health: Health,
    ) -> None:
        missing = [name for name in _PACKAGES if find_spec(name) is None]
        if missing and any(feed.article for feed in feeds):
            raise ConfigurationError(f"article = true of a feed needs {', '.join(missing)}", "pip install 'squall[article]'")
        self._clock = clock
        self._metrics = health.metrics
        self._parsers = parsers
        web = Web(client, settings.user_agent, settings.request_timeout_seconds, clock, intervals)
        self._reader = ArticleReader(web, Robots(web, self._judge, settings.user_agent, clock), self._extract)
        self._pool: ThreadPoolExecutor | None = None
        self._lock = threading.Lock()
        self._said: set[tuple[str, ArticleOutcome]] = set()

    def begin(
        self, state: FeedState, entries: Sequence[IdentifiedEntry], stopped: Callable[[], bool]
    ) -> Future[list[IdentifiedEntry]] | None:
        """Begin to read the articles behind entries of one poll; return the entries with their texts, None where there is nothing to read.

        The future is never done if the process stops before.

        Args:
            state: the feed.
            entries: oldest first.
            stopped: asked ten times a second whether to give up.
        """
        if not state.feed.article:
            return None
        waiting = [state.as_it_waits(entry) for entry in entries]
        found = [
            _with_text(entry, _text(as_it_waits)) if as_it_waits else entry for entry, as_it_waits in zip(entries, waiting, strict=True)
        ]
        wanted = [number for number, entry in enumerate(entries) if not waiting[number] and _says_little(entry)]
        for _ in wanted[:-MOST_OF_A_POLL]:
            self._failed(state, ArticleError("left_out", f"a poll brought more than {MOST_OF_A_POLL} articles"))
        hosts: dict[str, list[int]] = {}
        for number in reversed(wanted[-MOST_OF_A_POLL:]):  # the newest first, for those that there is no time for
            hosts.setdefault(_host(found[number]), []).append(number)
        visit = Visit(state.feed.url, stopped, self._clock.monotonic() + MOST_SECONDS)
        reading = _Reading(state, visit, found, len(hosts))
        if self._pool is None:
            self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="article")
        for numbers in hosts.values():
            self._pool.submit(self._read_all, reading, numbers)
        if not hosts:
            reading.done.set_result(found)
        return reading.done

    def close(self) -> None:
        """Stop the threads."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)

    def _read_all(self, reading: _Reading, numbers: Sequence[int]) -> None:
        """Read the articles of one host, on a thread of the pool."""
        for number in numbers:
            try:
                self._read(reading, number)
            except RequestStoppedError:
                return
            except ArticleError as error:
                self._failed(reading.state, error)
            except Exception as error:  # noqa: BLE001 - of any kind: the entry is delivered without its article; the message may be foreign
                self._failed(reading.state, ArticleError("failed", f"reading it failed with {type(error).__name__}"))
        with self._lock:
            reading.left -= 1
            last = not reading.left
        if last:
            reading.done.set_result(reading.entries)

    def _read(self, reading: _Reading, number: int) -> None:
        entry = reading.entries[number]
        text, known = self._reader.read(_link(entry), reading.visit, anew=entry.changed)
        reading.entries[number] = _with_text(entry, text)
        with self._lock:
            reading.state.articles += 1
            self._metrics.article("known" if known else "read")

    def _failed(self, state: FeedState, error: ArticleError) -> None:
        key = (state.cursor_name, error.outcome)
        with self._lock:
            self._metrics.article(error.outcome)
            said = key in self._said
            self._said.add(key)
        if not said:
            log.warning(
                "an article of a feed is not read: %s; such entries are delivered as the feed has them",
                error,
                extra={"feed": redact_url(state.feed.url), "outcome": error.outcome},
            )

    def _extract(self, page: bytes, content_type: str) -> str:
        try:
            return str(self._parsers.read("article", page, content_type=content_type)["text"])
        except ParserError as error:
            raise ArticleError("failed", f"the page can't be read: {error}") from error

    def _judge(self, robots: bytes, url: str, token: str) -> tuple[bool, float] | None:
        try:
            allowed, delay = self._parsers.read("robots", robots, url=url, token=token)["rule"]
        except ParserError:
            return None
        return bool(allowed), float(delay)


def _says_little(entry: IdentifiedEntry) -> bool:
    title = str(entry.entry.fields.get("title") or "")
    return (
        not entry.entry.fault and len(_text(entry).removeprefix(title)) < LEAST_CHARS and _link(entry).startswith(("http://", "https://"))
    )


def _text(entry: IdentifiedEntry) -> str:
    return str(entry.entry.fields.get("text") or "")


def _link(entry: IdentifiedEntry) -> str:
    return trimmed(str(entry.entry.fields.get("url") or ""))


def _host(entry: IdentifiedEntry) -> str:
    try:
        return host_of(_link(entry))
    except ValueError:
        return ""


def _with_text(entry: IdentifiedEntry, text: str) -> IdentifiedEntry:
    """Return `entry` with this text; what identifies it, and tells its versions apart in the feed, is what the feed says."""
    return replace(entry, entry=replace(entry.entry, fields={**entry.entry.fields, "text": text}))

"""Subreddits as a source: polled, each post delivered once, its edits and its deletion too."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from typing import Final, TypeVar

from squall.core.errors import InvalidRecordError, StoppedError, UnavailableError
from squall.core.items import Batch, Item
from squall.ingest.reddit.api import Listing, RedditApi, TooManyRequestsError
from squall.ingest.reddit.options import RedditOptions
from squall.ingest.reddit.position import SubredditPosition
from squall.ingest.reddit.posts import Post, document_id_of, post_document
from squall.ingest.registry.context import SourceContext
from squall.ingest.registry.live import PolledSource
from squall.ingest.social.pauses import Pauses
from squall.ingest.social.text_filter import TextFilter, entity_finder
from squall.ingest.source import BATCH_ITEMS, OriginNumbers, accepted, as_bytes, deleted, no_commit, rejected

log = logging.getLogger(__name__)

T = TypeVar("T")

_LOOK_SECONDS: Final = 0.05
_LOOK_AGAIN: Final = 100
"""Posts that are looked at again in one round: one request."""


class RedditSource(PolledSource):
    """Polls subreddits until stopped.

    Args:
        options: app, subreddits, and what is wanted.
        context: clock, cursor and whom it reports to.
        api: Reddit; by default the real one.
        pauses: after failures.
    """

    def __init__(self, options: RedditOptions, context: SourceContext, api: RedditApi | None = None, pauses: Pauses | None = None) -> None:
        super().__init__(context, options.poll_seconds)
        self._options = options
        self._api = api or RedditApi(options, context.http)
        self._filter = TextFilter(options, entity_finder(context))
        self._numbers = OriginNumbers(context.name, context.clock)
        self._position = SubredditPosition(context.cursor.load(), options.recheck_hours * 3_600)
        self._pauses = pauses or Pauses(context.random, shortest=2.0, longest=900.0)
        self._listings: tuple[Listing, ...] = ("new", "comments") if options.comments else ("new",)
        self._said_too_many = False
        self.gaps = 0
        """How often posts were lost because Reddit lists only the newest thousand."""

    def _poll(self) -> Iterator[Batch]:
        for listing in self._listings:
            yield from self._poll_listing(listing)
        yield from self._look_again()
        self._pauses.succeeded()

    def _pause_after(self, error: UnavailableError, _pause: float, /) -> float:
        return self._pauses.failed(error.pause_asked if isinstance(error, TooManyRequestsError) else None)

    def _poll_listing(self, listing: Listing) -> Iterator[Batch]:
        until = self._position.read_until(listing)
        posts, reached = self._aside(lambda: self._api.newest(listing, until))
        self._context.report.contact()
        if not reached and posts[-1].created > self._position.newest(listing):
            self.gaps += 1
            self._context.report.gap()
            log.warning(
                "posts are missing: Reddit lists the newest thousand only; poll more often, or make several sources of the subreddits",
                extra={"source": self.name, "listing": listing},
            )
        items = []
        for post in reversed(posts):
            if self._position.is_new(listing, post):
                items += self._items(post)
        for post in posts:
            self._position.saw(listing, post)
        yield from self._batches(items)

    def _look_again(self) -> Iterator[Batch]:
        """Deliver the edits and deletions of posts that are due to be looked at again."""
        now = self._context.clock.now().timestamp()
        due = self._position.due(now, _LOOK_AGAIN)
        if due:
            found = self._aside(lambda: self._api.look_again(due))
            believed = 2 * len(found) >= len(due)  # Reddit still lists what was deleted, emptied: so few are a fault of its own
            if not believed:
                log.warning("Reddit told of %d of %d posts; no deletion follows", len(found), len(due), extra={"source": self.name})
            items = []
            for fullname in due:
                post = found.get(fullname)
                if post is None and not believed:
                    self._position.looked_at(fullname, now)
                elif post is None or post.is_gone:
                    items += self._taken_back(fullname)
                else:
                    items += self._items(post) if self._position.is_new("", post) else []
                    self._position.looked_at(fullname, now)
            yield from self._batches(items)
        dropped = self._position.forget()
        if dropped and not self._said_too_many:
            log.warning(
                "more than 20,000 posts are to be looked at again; edits and deletions of the oldest are missed: lower recheck_hours, or "
                "make several sources of the subreddits",
                extra={"source": self.name},
            )
        self._said_too_many = bool(dropped)

    def _batches(self, items: list[Item]) -> Iterator[Batch]:
        """Yield the items of one answer; the cursor moves with the last of them."""
        commit = self._context.cursor.commit(self._position.cursor())
        for start in range(0, max(1, len(items)), BATCH_ITEMS):
            last = start + BATCH_ITEMS >= len(items)
            yield Batch(items[start : start + BATCH_ITEMS], commit if last else no_commit, caught_up=last)

    def _items(self, post: Post) -> list[Item]:
        """Return the item of a post that was not delivered as it is now; none if it is not wanted and never was."""
        if post.is_gone or not post.said.strip() or not self._filter.wants(post.said):
            return self._taken_back(post.fullname) if self._position.has(post.fullname) else []
        self._position.delivered(post)
        try:
            return [accepted(self._numbers.next(), post_document(post, self._options.source, self._context.clock.now()))]
        except InvalidRecordError as error:
            return [rejected(self._numbers.next(), error, as_bytes(post._asdict()))]

    def _taken_back(self, fullname: str) -> list[Item]:
        """Return the deletion of a post that is gone, or no longer says what is read."""
        self._position.gone(fullname)
        return [deleted(self._numbers.next(), document_id_of(fullname, self._options.source))]

    def _aside(self, call: Callable[[], T]) -> T:
        """Return what `call` returns, run on a thread of its own: PRAW waits for Reddit's limits without looking at `stop`.

        Raises:
            StoppedError: the source is stopping.
        """
        results: list[T] = []
        errors: list[BaseException] = []

        def run() -> None:
            try:
                results.append(call())
            except BaseException as error:  # noqa: BLE001 - raised again where it is waited for
                errors.append(error)

        thread = threading.Thread(target=run, name=self.name, daemon=True)
        thread.start()
        while thread.is_alive():
            thread.join(_LOOK_SECONDS)
            self._context.report.alive()
            if self._is_over() and thread.is_alive():
                raise StoppedError("stopped while Reddit was asked")
        if errors:
            raise errors[0]
        return results[0]

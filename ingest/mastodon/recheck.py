"""What was deleted or edited while nothing streamed: the timelines are compared with what was delivered."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

from squall.core.errors import UnavailableError
from squall.ingest.mastodon.delivered import DeliveredStatuses
from squall.ingest.mastodon.position import sort_key
from squall.ingest.mastodon.rest_api import RestApi
from squall.ingest.mastodon.statuses import version
from squall.ingest.mastodon.timelines import Timeline
from squall.ingest.registry.live import RefusedError

log = logging.getLogger(__name__)

MOST_PAGES: Final = 15
"""Of one timeline and check: a busy one is not read back for a day."""
MOST_ASKED: Final = 60
"""Statuses that one check asks for by number; the others are asked for by the next."""


class Change(NamedTuple):
    """What became of a delivered status.

    Args:
        number: of the status.
        status: as it is now; None: it is gone.
        in_timeline: whether it still is in a timeline that is read.
    """

    number: str
    status: dict[str, Any] | None = None
    in_timeline: bool = True


class Recheck:
    """Looks for deletions and edits of statuses that were delivered before the stream was cut.

    A status is gone if its timeline no longer has it and the server answers a request for it with 404 or 410. What a page that fails
    or a limit leaves open, the next check looks at; what a refusal leaves open, that of the next connection.

    Args:
        api: of the server.
        timelines: that are read.
        delivered: what to look for.
    """

    def __init__(self, api: RestApi, timelines: Sequence[Timeline], delivered: DeliveredStatuses) -> None:
        self._api = api
        self._timelines = timelines
        self._hashtags = {timeline.value for timeline in timelines if timeline.stream == "hashtag"}
        self._delivered = delivered

    def changes(self, stop: threading.Event) -> Iterator[Change]:
        """Yield the changes. Logs what can't be found out now; it stays unchecked.

        Raises:
            StoppedError: `stop` was set.
        """
        seen: set[str] = set()
        missing: list[str] = []
        try:
            for timeline in self._timelines:
                wanted = self._delivered.unchecked(timeline.key)
                if not wanted:
                    continue
                try:
                    found, complete_to = self._read_back(timeline, wanted, stop)
                except RefusedError:
                    self._delivered.checked(wanted)  # the source has said so
                    continue
                for number, status in found.items():
                    known = self._delivered.version(number)
                    if known is not None and version(status) > known:
                        yield Change(number, status)
                seen.update(found)
                covered = [number for number in wanted if sort_key(number) >= sort_key(complete_to)]
                missing += covered
                self._delivered.checked(set(wanted).difference(covered))  # too far back to be read again
            self._delivered.checked(seen)
            missing = sorted((number for number in missing if number not in seen), key=sort_key, reverse=True)
            for number in missing[:MOST_ASKED]:
                if not self._api.has_spare:
                    break
                try:
                    yield self._ask(number, stop)
                except RefusedError:
                    self._delivered.checked([number])
                    continue
                self._delivered.forget(number)  # it is gone, or at least in no timeline that says so if it goes
        except UnavailableError as error:
            log.info("whether statuses were deleted meanwhile is looked at again later: %s", error, extra={"source": self._api.name})

    def _read_back(self, timeline: Timeline, wanted: list[str], stop: threading.Event) -> tuple[dict[str, dict[str, Any]], str]:
        """Return a timeline's statuses by number, backwards from the newest of `wanted`, and the number down to which they are complete."""
        newest, oldest = max(wanted, key=sort_key), min(wanted, key=sort_key)
        before = str(int(newest) + 1) if newest.isascii() and newest.isdigit() else ""
        found: dict[str, dict[str, Any]] = {}
        for _ in range(MOST_PAGES):
            if not self._api.has_spare:
                raise UnavailableError("few requests are left")
            page = {str(each.get("id")): each for each in self._api.statuses(timeline.page_before(before), stop)}
            if not page:
                return found, ""  # the beginning of the timeline
            if before and sort_key(max(page, key=sort_key)) >= sort_key(before):
                raise UnavailableError(f"a page of {timeline.key} is not what was asked for")
            found |= page
            before = min(page, key=sort_key)
            if sort_key(before) <= sort_key(oldest):
                break
        return found, before

    def _ask(self, number: str, stop: threading.Event) -> Change:
        status = self._api.status(number, stop)
        if status is None:
            return Change(number)
        tags = status.get("tags")
        names = {str(tag.get("name")).lower() for tag in tags if isinstance(tag, dict)} if isinstance(tags, list) else set()
        others = len(self._hashtags) < len(self._timelines)  # lists and public timelines: their statuses don't tell
        return Change(number, status, in_timeline=others or not names.isdisjoint(self._hashtags))

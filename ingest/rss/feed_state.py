"""What is known of one feed: its validators, the entries already delivered, its counters."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import xxhash

from squall.ingest.rss.feed_list import Feed
from squall.ingest.rss.fetch import Validators
from squall.ingest.rss.parser_pool import Entry

_REMEMBERED = 2_000


@dataclass(slots=True)
class FeedState:
    """The state of one feed; the counters start at zero with the process."""

    feed: Feed
    validators: Validators = field(default_factory=Validators)
    delivered: dict[str, None] = field(default_factory=dict)
    """Keys of delivered entries, oldest first."""
    next_at: float = 0.0
    """When to poll it next, on the clock's `monotonic`."""
    failures: int = 0
    """Failed polls in a row."""
    pauses: int = 0
    """Polls in a row that reached the limit of rejects."""
    rejects_in_row: int = 0
    fetching: bool = False
    """Whether a request to its host is under way; parsing holds up no other feed of that host."""
    fetched: int = 0
    unchanged: int = 0
    errors: int = 0
    entries: int = 0
    undated: int = 0
    """Entries that name a time which can't be read: they count as undated."""
    early: dict[str, tuple[datetime, Entry]] = field(default_factory=dict)
    """Entries that are dated ahead, by key, with the time when they are delivered. Nothing of them counts as seen until then."""
    last_error: str = ""

    @property
    def cursor_name(self) -> str:
        """The key of the feed's cursor: host and a digest. It becomes a file name, and a URL may hold a password or an API key."""
        return f"rss:{self.feed.host}:{hashlib.sha256(self.feed.url.encode()).hexdigest()[:16]}"

    @property
    def old_cursor_name(self) -> str:
        """The key that earlier versions used: it holds the whole URL."""
        return f"rss:{self.feed.url}"

    def cursor(self) -> dict[str, Any]:
        """Return what must survive a restart; without validators while entries wait, which the next process must fetch again."""
        validators = Validators() if self.early else self.validators
        return {"etag": validators.etag, "modified": validators.modified, "seen": list(self.delivered)}

    def restore(self, cursor: Mapping[str, Any]) -> None:
        """Take over what `cursor` returned; ignores what is not of its form."""
        keys = cursor.get("seen")
        self.delivered = dict.fromkeys(key for key in keys if isinstance(key, str)) if isinstance(keys, list) else {}
        self.validators = Validators(str(cursor.get("etag") or ""), str(cursor.get("modified") or ""))

    def undelivered(self, entries: Sequence[Entry]) -> list[tuple[str, Entry]]:
        """Return key and entry of each entry that has not been delivered, oldest first.

        Forgets the oldest delivered entries beyond 2,000, or twice the length of the feed if that is more.
        """
        keyed = {entry_key(entry.fields): entry for entry in reversed(entries)}
        for key in keyed:  # still in the feed: must be remembered longest
            if key in self.delivered:
                del self.delivered[key]
                self.delivered[key] = None
        for key in list(self.delivered)[: max(0, len(self.delivered) - max(_REMEMBERED, 2 * len(keyed)))]:
            del self.delivered[key]
        return [(key, entry) for key, entry in keyed.items() if key not in self.delivered]

    def due(self, now: datetime) -> list[tuple[str, Entry]]:
        """Return key and entry of those that waited for their time, which has come."""
        return [(key, entry) for key, (due, entry) in sorted(self.early.items(), key=lambda pair: pair[1][0]) if due <= now]


def entry_key(entry: Mapping[str, Any]) -> str:
    """Return the identity of an entry within its feed, 128-bit hex: of its id, else its link, else its title and text."""
    key = entry.get("id") or entry.get("url") or f"{entry.get('title')}\x1f{entry.get('text')}"
    return xxhash.xxh3_128_hexdigest(str(key).encode("utf-8", "replace"))

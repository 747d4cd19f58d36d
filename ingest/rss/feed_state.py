"""What is known of one feed: its validators, the entries already delivered, its counters."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from squall.ingest.rss.entry_identity import IdentifiedEntry, identified
from squall.ingest.rss.feed import Feed
from squall.ingest.rss.fetch import Validators
from squall.ingest.rss.parser.pool import Entry

_REMEMBERED = 2_000
MOST_WAITING = 1_000
"""So many entries of a feed may wait for their time,"""
MOST_WAITING_CHARS = 10_000_000
"""with so much title and text."""


@dataclass(frozen=True, slots=True)
class Poll:
    """What one poll of a feed returned: new validators, and its entries or None if it is unchanged."""

    validators: Validators
    entries: list[Entry] | None
    complete: bool = True
    """False where there was no time for all entries: they are parsed again at the next poll."""


@dataclass(slots=True)
class FeedState:
    """The state of one feed; the counters start at zero with the process."""

    feed: Feed
    validators: Validators = field(default_factory=Validators)
    delivered: dict[str, str] = field(default_factory=dict)
    """Keys of delivered entries, oldest first, and the digest of each one's title and text; empty: it is not known."""
    weak: dict[str, None] = field(default_factory=dict)
    """Keys that do not tell its entries apart, oldest first."""
    next_at: float = 0.0
    """When to poll it next, on the clock's `monotonic`."""
    news_at: float | None = None
    """When it had news last, or was read first by this process, on the clock's `monotonic`."""
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
    known: int = 0
    """Entries of the last poll that were delivered before, as they are."""
    changed: int = 0
    """Entries that were delivered again because their title or text had changed."""
    repeated: int = 0
    """Entries of the last poll that are the same as another of it in everything."""
    articles: int = 0
    """Entries whose text is that of the article behind them."""
    undated: int = 0
    """Entries that name a time which can't be read or believed: they count as undated."""
    early: dict[str, tuple[datetime, IdentifiedEntry]] = field(default_factory=dict)
    """Entries dated ahead, by key, with the time when they are delivered. Nothing of them counts as seen until then. See `wait`."""
    early_chars: int = 0
    """Characters of their titles and texts."""
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
        return {"etag": validators.etag, "modified": validators.modified, "seen": dict(self.delivered), "weak": list(self.weak)}

    def restore(self, cursor: Mapping[str, Any]) -> None:
        """Take over what `cursor` returned; ignores what is not of its form. Earlier versions kept a list of keys, without digests."""
        seen, weak = cursor.get("seen"), cursor.get("weak")
        pairs = seen.items() if isinstance(seen, dict) else ((key, "") for key in seen) if isinstance(seen, list) else ()
        self.delivered = {key: digest for key, digest in pairs if isinstance(key, str) and isinstance(digest, str)}
        self.weak = dict.fromkeys(key for key in weak if isinstance(key, str)) if isinstance(weak, list) else {}
        self.validators = Validators(str(cursor.get("etag") or ""), str(cursor.get("modified") or ""))

    def undelivered(self, entries: Sequence[Entry]) -> list[IdentifiedEntry]:
        """Return each entry that has not been delivered as it is, oldest first; of entries that are the same in everything, one.

        Forgets the oldest delivered entries beyond 2,000, or twice the length of the feed if that is more.
        """
        keyed = {entry.key: entry for entry in reversed(identified(entries, self.feed.url, self.weak))}
        keyed = {key: replace(entry, changed=self._has_changed(entry)) for key, entry in keyed.items()}
        delivered = {key: entry for key, entry in keyed.items() if key in self.delivered or self._was_delivered(entry)}
        known = {key: entry for key, entry in delivered.items() if not entry.changed}
        self.known, self.repeated = len(known), len(entries) - len(keyed)
        for key, entry in delivered.items():  # still in the feed: must be remembered longest
            digest = self.delivered[key] if entry.changed else entry.digest  # until it is delivered again
            for other in (key, *(other for other in entry.other_keys if not self.delivered.get(other, "-"))):
                self.delivered.pop(other, None)
            self.delivered[key] = digest
        _keep_newest(self.delivered, max(_REMEMBERED, 2 * len(keyed)))
        _keep_newest(self.weak, _REMEMBERED)
        return [entry for key, entry in keyed.items() if key not in known]

    def _has_changed(self, entry: IdentifiedEntry) -> bool:
        return self.delivered.get(entry.key, "") not in {"", entry.digest}

    def _was_delivered(self, entry: IdentifiedEntry) -> bool:
        """Return whether it was delivered under another key; one that several entries share counts only with this entry's content."""
        return any(
            key in self.delivered and (self.delivered[key] == entry.digest or (not self.delivered[key] and key not in self.weak))
            for key in entry.other_keys
        )

    def due(self, now: datetime) -> list[IdentifiedEntry]:
        """Return those that waited for their time, which has come, the earliest first."""
        return [entry for due, entry in sorted(self.early.values(), key=lambda waiting: waiting[0]) if due <= now]

    def wait(self, entry: IdentifiedEntry, due: datetime) -> bool:
        """Let an entry wait until `due`; return False if too many wait already, or too much."""
        self.no_longer_waits(entry)
        chars = self.early_chars + _chars(entry)
        if len(self.early) >= MOST_WAITING or chars > MOST_WAITING_CHARS:
            return False
        self.early[entry.key] = (due, entry)
        self.early_chars = chars
        return True

    def waits(self, entry: IdentifiedEntry) -> bool:
        """Return whether an entry is known to wait, also under a key that has since turned out not to tell entries apart."""
        return bool(self._waiting(entry))

    def as_it_waits(self, entry: IdentifiedEntry) -> IdentifiedEntry | None:
        """Return the entry as it waits already, perhaps with its article; None if it does not, or not with what the feed says now."""
        return next((self.early[key][1] for key in self._waiting(entry) if self.early[key][1].digest == entry.digest), None)

    def no_longer_waits(self, entry: IdentifiedEntry) -> None:
        """Forget that an entry waits: it is read anew."""
        for key in self._waiting(entry):
            self.early_chars -= _chars(self.early.pop(key)[1])

    def _waiting(self, entry: IdentifiedEntry) -> list[str]:
        found = [key for key in entry.other_keys if key in self.early and self.early[key][1].digest == entry.digest]
        return list(dict.fromkeys((*found, entry.key))) if entry.key in self.early else found


def _chars(entry: IdentifiedEntry) -> int:
    return sum(len(str(entry.entry.fields.get(name) or "")) for name in ("title", "text"))


def _keep_newest(keys: dict[str, Any], most: int) -> None:
    for key in list(keys)[: max(0, len(keys) - most)]:
        del keys[key]

"""What tells the entries of a feed apart: their guid, with their link or title where that alone does not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urljoin

import xxhash

from squall.ingest.identity import is_no_id
from squall.ingest.links import link_key
from squall.ingest.rss.parser.pool import Entry

_LONG_ID: Final = 16


@dataclass(frozen=True, slots=True)
class IdentifiedEntry:
    """An entry of a feed, and what it is known by.

    Args:
        entry: the entry.
        key: its identity within its feed, 128-bit hex.
        native_id: its document's native id; empty where link or content identify it.
        digest: of title and text, 64-bit hex.
        other_keys: under which it was delivered if that was before its guid or link turned out not to tell entries apart, or by a
            version of Squall that trusted every guid.
        changed: it was delivered before, with another title or text.
    """

    entry: Entry
    key: str
    native_id: str
    digest: str
    other_keys: tuple[str, ...]
    changed: bool = False


def identified(entries: Sequence[Entry], feed_url: str, weak: dict[str, None]) -> list[IdentifiedEntry]:
    """Return the entries of one poll with their identity.

    A guid that is unique everywhere by its form (a URL, a URN, a UUID, 16 characters and more with a digit in them) is trusted by itself,
    another one (`1`, `post-7`) only together with the entry's link, or with the feed where there is no link. Without a guid the link
    counts. What two different entries of a poll share does not tell them apart: then the link counts too, then the title, then the text.

    Args:
        entries: of the feed, in its order.
        feed_url: of the feed.
        weak: keys that were found not to tell entries apart, now or in an earlier poll; gets those of this one.
    """
    ladders = [_ladder(entry.fields, feed_url) for entry in entries]
    sharing: dict[str, set[str]] = {}
    for ladder in ladders:
        for step in ladder[:-1]:
            sharing.setdefault(step, set()).add(ladder[-1])
    weak.update((_key(step), None) for step, entire in sharing.items() if len(entire) > 1)
    return [_identified(entry, ladder, feed_url, weak) for entry, ladder in zip(entries, ladders, strict=True)]


def _identified(entry: Entry, ladder: Sequence[str], feed_url: str, weak: dict[str, None]) -> IdentifiedEntry:
    at = next((number for number, step in enumerate(ladder[:-1]) if _key(step) not in weak), len(ladder) - 1)
    step, fields = ladder[at], entry.fields
    guid, link, content = _text(fields, "id"), _text(fields, "url"), _content(fields)
    earlier = (guid, urljoin(feed_url, guid)) if guid else (link or content,)
    by_itself = step in {link_key(link), content}
    digest = xxhash.xxh3_64_hexdigest(content.encode("utf-8", "replace"))
    others = dict.fromkeys(_key(other) for other in (*ladder[:at], *earlier))
    return IdentifiedEntry(entry, _key(step), "" if by_itself else step, digest, tuple(others))


def _ladder(fields: Mapping[str, Any], feed_url: str) -> list[str]:
    """Return what may tell an entry apart, the shortest first; each but the first includes what the one before has of the entry."""
    guid, link, title, content = _text(fields, "id"), link_key(_text(fields, "url")), _text(fields, "title"), _content(fields)
    if not guid or is_no_id(guid):
        return [link, f"{link} {title}", f"{link} {content}"] if link else [content]
    further = [f"{guid} {link} {title}", f"{guid} {link} {content}"]
    if not _is_unique_everywhere(guid):
        return [f"{guid} {link}" if link else f"{guid} in {_key(feed_url)}", *further]
    return [guid, f"{guid} {link}", *further] if link else [guid, *further]


def _is_unique_everywhere(guid: str) -> bool:
    if "://" in guid or guid.lower().startswith(("urn:", "tag:")):
        return True
    return len(guid) >= _LONG_ID and any(letter.isdigit() for letter in guid) and not any(letter.isspace() for letter in guid)


def _content(fields: Mapping[str, Any]) -> str:
    return f"{fields.get('title')}\x1f{fields.get('text')}"


def _text(fields: Mapping[str, Any], name: str) -> str:
    return str(fields.get(name) or "")


def _key(text: str) -> str:
    return xxhash.xxh3_128_hexdigest(text.encode("utf-8", "replace"))

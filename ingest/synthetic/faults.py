"""Malformed records, which must be rejected, and unusual valid ones, which must not: what real providers also send."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

import orjson

Fields = dict[str, Any]
_FAR_FUTURE = "2099"
"""A year no wall clock will reach: `next year` of the stream is the past of whoever runs the demo later."""


def _without(fields: Mapping[str, Any], *names: str) -> Fields:
    return {name: value for name, value in fields.items() if name not in names}


def _dump(fields: Mapping[str, Any]) -> bytes:
    return orjson.dumps(dict(fields))


_CASES: tuple[tuple[str, Callable[[Fields], bytes]], ...] = (
    ("broken_json", lambda f: _dump(f)[: len(_dump(f)) * 2 // 3]),
    ("broken_json", lambda f: _dump(f) + b"}"),
    ("broken_json", lambda f: repr(f).encode()),
    ("broken_json", lambda _f: b"<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head></html>"),
    ("broken_encoding", lambda f: _dump(f)[:40] + b"\xff\xfe\x00\x9f"),
    ("broken_json", lambda f: _dump(f)[:-1] + b',"extra":,}'),
    ("not_an_object", lambda f: orjson.dumps([f["id"], f["title"], f["text"]])),
    ("not_an_object", lambda f: orjson.dumps(f["title"] or f["text"])),
    ("not_an_object", lambda _f: b"null"),
    ("not_an_object", lambda _f: b"1741000000"),
    ("missing_field", lambda f: _dump(_without(f, "published_at"))),
    ("missing_field", lambda f: _dump(f | {"published_at": None})),
    ("missing_field", lambda f: _dump(_without(f, "title", "text"))),
    ("missing_field", lambda f: _dump(f | {"title": "", "text": " \n\t "})),
    ("missing_field", lambda f: _dump(f | {"title": "\u0000\u0007", "text": ""})),
    ("invalid_field", lambda f: _dump(f | {"title": ["not", "a", "title"]})),
    ("invalid_field", lambda f: _dump(f | {"text": 404})),
    ("invalid_field", lambda f: _dump(f | {"kind": "podcast"})),
    ("invalid_field", lambda f: _dump(f | {"symbols": [1, 2, 3]})),
    ("invalid_field", lambda f: _dump(f | {"published_at": "1970-01-01T00:00:00Z"})),
    ("invalid_field", lambda f: _dump(f | {"published_at": _FAR_FUTURE + f["published_at"][4:]})),
    ("invalid_field", lambda f: _dump(f | {"published_at": "the day before yesterday"})),
    ("invalid_field", lambda f: _dump(f | {"published_at": True})),
)


FAULTS = len(_CASES)
"""The number of faults of `malformed`."""


def malformed(fields: Fields, fault: int) -> tuple[bytes, str]:
    """Return a line that must be rejected, and the reason code that it must get.

    Args:
        fields: a valid record.
        fault: the number of the fault, from 0, modulo `FAULTS`.
    """
    reason, spoil = _CASES[fault % FAULTS]
    return spoil(fields), reason


def odd(rng: random.Random, fields: Fields, at: datetime) -> Fields:
    """Return `fields` with something unusual but valid: another zone, control characters, unknown fields, no language."""
    zone = timezone(timedelta(hours=rng.choice((-8, -5, 1, 2, 9)), minutes=rng.choice((0, 0, 30))))
    changes: list[Fields] = [
        {"published_at": at.astimezone(zone).isoformat(timespec="milliseconds")},
        {"text": f"{fields['text']}\u0000\u0008"},
        {"language": rng.choice(("", "xx-unknown", "EN_us"))},
        {"revision": rng.randrange(9), "provider": {"desk": "unknown", "codes": [None, 1.5]}},
        {"title": f"  {fields['title']}\r\n" if fields["title"] else ""},
    ]
    return fields | rng.choice(changes)

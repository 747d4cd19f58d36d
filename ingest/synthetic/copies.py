"""Copies of a draft: the same article by another outlet, the same post by another account."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from squall.core.text import fingerprint
from squall.ingest.synthetic.drafts import NEWS_SOURCES, SOCIAL_SOURCES, Draft
from squall.ingest.synthetic.phrases import load_phrases

_COPIED = 0.085
_CRISIS_COPIED = 0.3
_WIRE_PREFIXES = ("UPDATE 1-", "UPDATE 2-", "RPT-", "RPT-UPDATE 1-", "CORRECTED-", "REFILE-", "WRAPUP 1-", "BREAKING - ")


def copies(rng: random.Random, draft: Draft) -> Iterator[Draft]:
    """Yield the copies of `draft` that others publish in the minutes and hours after it."""
    if draft.part == "noise" or rng.random() >= (_CRISIS_COPIED if draft.part == "crisis" else _COPIED):
        return
    for _ in range(rng.choices((1, 2, 3, 4), (55, 25, 14, 6))[0]):
        minutes = min(2 + rng.expovariate(1 / (9 if draft.part == "crisis" else 28)), 170)
        copy = _reposted(rng, draft) if draft.kind == "social" else _syndicated(rng, draft)
        yield replace(copy, at=draft.at + timedelta(minutes=minutes))


def _syndicated(rng: random.Random, draft: Draft) -> Draft:
    """Return the article as another outlet prints it: with a wire prefix, an agency suffix, other case or punctuation."""
    source, code, domain = rng.choice([s for s in NEWS_SOURCES if s[0] != draft.source])
    title = draft.title
    variant = rng.randrange(5 if not draft.text else 4)
    if variant == 0:
        title = rng.choice(_WIRE_PREFIXES) + title
    elif variant == 1:
        title = title.upper()
    elif variant == 2:
        title = title.replace(", ", " - ") if " - " not in title else title.replace(" - ", ": ")
    elif variant == 4:
        title = f"{title} - {draft.source}"  # only where nothing follows: a suffix is the end of a text
    url = f"https://www.{domain}/{draft.at:%Y/%m/%d}/{{id}}"
    copy = replace(draft, title=title, source=source, code=code, url=url, author="")
    # a new dash near the end of a headline could read as an agency's suffix
    return copy if fingerprint(copy.gist) == fingerprint(draft.gist) else replace(copy, title=draft.title)


def _reposted(rng: random.Random, draft: Draft) -> Draft:
    handle = rng.choice([h for h in load_phrases().lists["handle"] if h != draft.author])
    url = f"https://{SOCIAL_SOURCES[0][2]}/{handle}/{{id}}"
    text = f"RT @{draft.author}: {draft.text}" if rng.random() < 0.75 else draft.text
    return replace(draft, text=text, author=handle, source=SOCIAL_SOURCES[0][0], code=SOCIAL_SOURCES[0][1], url=url)

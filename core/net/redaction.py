"""The one redactor: whatever a process logs, or shows as an error, goes through it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import unquote

from squall.core.display import visible
from squall.core.net.addresses import HIDDEN, redact_urls_in

_NAME: Final = (
    r"(?<![A-Za-z0-9_-])[A-Za-z0-9_-]{0,80}(?:token|secret|passw(?:or)?d|passphrase|pwd|api[_-]?key|access[_-]?key|private[_-]?key"
    r"|integration[_-]?key|routing[_-]?key|credentials?|signature|authorization)"
)
"""Names of what must not be shown; anything may come before, as in `SQUALL_STORE__PASSWORD`."""
_VALUE: Final = r"(?:\"[^\"\r\n]{0,500}\"?|'[^'\r\n]{0,500}'?|[^\s&\"'<>;,)}\]]{1,500})"
_SCHEMES: Final = r"(?:Basic|Bearer|Digest|GenieKey|Token|ApiKey|Negotiate)"
_PATTERNS: Final = (
    # Authorization: Bearer x, 'Authorization': 'Basic x', Authorization="Digest username=…"
    (re.compile(rf"\b(authorization[\"']?\s{{0,3}}[:=]\s{{0,3}}[\"']?{_SCHEMES}\s{{1,3}})[^\s\"'}}]{{1,2000}}", re.IGNORECASE), r"\1"),
    # Bearer x in a text; words such as "Bearer authentication" have no digit
    (re.compile(rf"\b({_SCHEMES}\s{{1,3}})(?=[^\s\"'}}]{{0,200}}[0-9=])[^\s\"'}}]{{8,2000}}"), r"\1"),
    # "password": "x", 'api_key': 'x', X-Api-Key: x
    (re.compile(rf"([\"']{_NAME}[\"']\s{{0,3}}:\s{{0,3}})(?!null|None|true|false){_VALUE}", re.IGNORECASE), r"\1"),
    (re.compile(r"(\b(?:x-[A-Za-z0-9-]{0,40}(?:key|token|secret)|(?:set-)?cookie):\s{0,3})[^\s\"']{1,2000}", re.IGNORECASE), r"\1"),
    # apikey=x, token=x, --password=x; in a query also `key` and what is as short
    (re.compile(rf"({_NAME}=)(?!\.\.\.|\*\*\*){_VALUE}", re.IGNORECASE), r"\1"),
    (re.compile(r"([?&](?:key|sig|auth|code|pass|user|login|sid|session)=)[^\s&\"'<>#]{1,2000}", re.IGNORECASE), r"\1"),
    # user:password@host without a scheme
    (re.compile(r"(?<![\w.%+@-])(?!mailto:)[^\s/@:\"'(<>=]{1,100}:[^\s/@\"'<>]{1,200}(?=@[\w\[])"), ""),
    # the secret is in the path: Telegram, Slack, Discord
    (re.compile(r"(/bot)[0-9]{3,20}(?::|%3A)[A-Za-z0-9_-]{10,100}", re.IGNORECASE), r"\1"),
    (re.compile(r"((?:hooks\.slack\.com/(?:services|workflows|triggers)|/api/webhooks)/)[^\s\"'?#]{1,500}", re.IGNORECASE), r"\1"),
)
_PATH_LIKE: Final = re.compile(r"\b(https?):/(?=[^/\s])")
"""What `pathlib` makes of a URL."""
_WORD: Final = re.compile(r"\S++")
_MOST_ESCAPED: Final = 3
"""So often text may be escaped anew: `%2561` is `%61`, which is `a`."""
_SIGNS: Final = ("=", "@", ":", "/", "%", "earer", "asic")
_DEEPEST: Final = 6


def redact_secrets_in(text: str) -> str:
    """Return `text` without what may be a secret: users, passwords and queries of URLs, what looks random in their paths, and values of
    tokens, keys and Authorization, also where they are written with `%61` and the like.

    Names stay, so that it can be seen what was there. Linear in time, never raises.
    """
    if not any(sign in text for sign in _SIGNS):
        return text
    text = _plainly_redacted(text)
    return _WORD.sub(_without_escapes, text) if "%" in text else text


def _plainly_redacted(text: str) -> str:
    text = redact_urls_in(_PATH_LIKE.sub(r"\1://", text))
    for pattern, kept in _PATTERNS:
        text = pattern.sub(kept + HIDDEN, text)
    return text


def _without_escapes(word: re.Match[str]) -> str:
    """Return a word as it is unless its escapes hide a secret, as `user%3Apass@host` and `%61pikey=K1` do."""
    plain = word[0]
    for _ in range(_MOST_ESCAPED if "%" in plain else 0):
        before, plain = plain, unquote(plain)
        if plain == before:
            break
        if (shown := _plainly_redacted(plain)) != plain:
            return visible(shown)
    return word[0]


def redacted(value: Any, depth: int = 0) -> Any:
    """Return what may be logged of a value: text without secrets, also within lists and mappings; other objects as such text."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        return redact_secrets_in(value)
    if isinstance(value, Mapping) and depth < _DEEPEST:
        return {redact_secrets_in(str(key)): _of_key(str(key), item, depth) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset) and depth < _DEEPEST:
        return [redacted(item, depth + 1) for item in value]
    return redact_secrets_in(str(value))


def _of_key(key: str, value: Any, depth: int) -> Any:
    named_a_secret = isinstance(value, str) and value and re.fullmatch(_NAME, key, re.IGNORECASE)
    return HIDDEN if named_a_secret else redacted(value, depth + 1)

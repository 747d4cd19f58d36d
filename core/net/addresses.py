"""Hosts, ports and URLs: how they are written, which of them stay on this machine, and how they are shown without secrets."""

from __future__ import annotations

import ipaddress
from itertools import pairwise
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit

from squall.core.display import visible

HIDDEN: Final = "***"
"""Shown instead of a secret in a URL."""
_LONGEST: Final = 500
_LONGEST_NAME: Final = 40
_LONGEST_SCHEME: Final = 20
_SCHEME: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+.-")
_NAME: Final = _SCHEME | frozenset("_~[]%")
_HOST: Final = _SCHEME | frozenset("_~")
_RANDOM: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_:+=~")
_LEAST_RANDOM: Final = 16
_LEAST_MIXED: Final = 8
_LONGEST_EXTENSION: Final = 5
_SECRET_FOLLOWS: Final = frozenset(
    {"token", "tokens", "key", "apikey", "api-key", "api_key", "secret", "auth", "password", "signature", "access_token", "private"}
)
"""Segments of a path behind which a secret stands."""
_IPV6: Final = frozenset("0123456789abcdefABCDEF:.%")


def is_loopback(host: str) -> bool:
    """Return whether `host` is reachable from this machine only.

    Args:
        host: a name or an address without a port; case, IPv6 brackets and the final dot of a name do not matter.

    True for `localhost` and the names below it (RFC 6761), 127.0.0.0/8, `::1`, and both in an IPv4-mapped IPv6 address.
    False for everything else; the empty host means all interfaces.
    """
    name = host.strip().lower().rstrip(".")
    if name.startswith("[") and name.endswith("]"):
        name = name[1:-1]
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return bool((mapped or address).is_loopback)


def split_server(server: str, default_port: int) -> tuple[str, int]:
    """Return host and port of `host`, `host:port` or `[address]:port`.

    Raises:
        ValueError: the port is not a number.
    """
    server = server.strip()
    if server.startswith("["):
        host, _, rest = server[1:].partition("]")
        return host, int(rest.lstrip(":") or default_port)
    if server.count(":") > 1:
        return server, default_port
    host, _, port = server.partition(":")
    return host, int(port or default_port)


def host_port(host: str, port: int) -> str:
    """Write an address for a URL: `host:port`, an IPv6 address in brackets."""
    return f"[{host}]:{port}" if ":" in host and not host.startswith("[") else f"{host}:{port}"


def split_url(url: str) -> SplitResult | None:
    """Return the parts of `url`; None if it can't be parsed. The parser's own error quotes the password."""
    try:
        return urlsplit(url)
    except ValueError:
        return None


def redact_url(url: str) -> str:
    """Return `url` as it may be shown anywhere: without user, password, values of the query, fragment, and what looks random in its path.

    Scheme, host, port, the rest of the path and the names of the query stay. Where it is unclear which part is the password, for example
    because it contains a slash, everything after the scheme is hidden; text without `://` is hidden whole. Needs linear time, never raises.
    """
    scheme, separator, rest = url.strip().partition("://")
    if not separator or not _is_scheme(scheme):
        return HIDDEN if url.strip() else ""
    authority, tail = _cut(rest, "/?#\\")
    user, at, host = authority.rpartition("@")
    location, fragment_mark, _ = tail.partition("#")
    path, query_mark, query = location.partition("?")
    local = not authority and scheme.lower() in {"chdb", "file"}
    web = scheme.lower() in {"http", "https"}
    doubtful = not _is_host(host) or ("@" in tail and bool(authority) and (bool(at) or not web))
    if doubtful:
        return f"{scheme}://{HIDDEN}"
    if not local:
        path = f"/{HIDDEN}" if _holds_login(path, after_port=":" in host) else redact_path(path)
    shown = [scheme, "://", f"{HIDDEN}@" if user or at else "", host, path]
    if query_mark:
        shown += ["?", "&".join(_redact_parameter(part) for part in query.split("&"))]
    if fragment_mark:
        shown += ["#", HIDDEN]
    return visible("".join(shown), _LONGEST)


def redact_path(path: str) -> str:
    """Return `path` without segments that may be secrets: what looks random, and what follows `/token/`, `/key/` and the like.

    Random is what has at least 16 characters, with letters and digits, and no words parted by signs: `/rss/9f86d081884c7d65/`, a UUID,
    base64. A path that is made of words, dates and numbers stays.
    """
    if "/" not in path:
        return path
    shown: list[str] = []
    for segment in path.split("/"):
        named = bool(shown) and unquote(shown[-1]).lower() in _SECRET_FOLLOWS
        shown.append(HIDDEN if segment and (named or _is_random(unquote(segment))) else segment)
    return "/".join(shown)


def _is_random(segment: str) -> bool:
    name, dot, extension = segment.rpartition(".")
    name = name if dot and 0 < len(extension) <= _LONGEST_EXTENSION else segment
    if not (len(name) >= _LEAST_RANDOM and _RANDOM.issuperset(name)):
        return False
    pieces = name.replace("_", "-").replace(":", "-").split("-")
    mixed = [piece for piece in pieces if not (piece.isdigit() or piece.isalpha())]  # an article's address has words and numbers only
    cases = [piece for piece in pieces if len(piece) >= _LEAST_RANDOM and piece.isalpha() and _changes_case(piece)]
    return any(len(piece) >= _LEAST_MIXED for piece in mixed) or bool(cases)


def _changes_case(piece: str) -> bool:
    """Whether capitals and small letters alternate more than in `CamelCaseWords`."""
    return sum(a.islower() != b.islower() for a, b in pairwise(piece)) > len(piece) // 2


def redact_webhook_url(url: str) -> str:
    """Return scheme, host and port of `url`, whose path is a secret, as those of Slack and Teams are. Never raises."""
    shown = redact_url(url).partition("?")[0].partition("#")[0]
    scheme, separator, rest = shown.partition("://")
    authority, path = _cut(rest, "/\\")
    return f"{scheme}{separator}{authority}{f'/{HIDDEN}' if path.strip('/') else path}"


def redact_urls_in(text: str) -> str:
    """Return `text` with every URL in it redacted, up to the next space: for text of libraries that may quote one. Never raises."""
    if "://" not in text:
        return text
    return " ".join(_redact_word(word) for word in text.split(" "))


def _redact_word(word: str) -> str:
    lines = word.splitlines(keepends=True)
    if len(lines) > 1:
        return "".join(_redact_word(line) for line in lines)
    found = word.find("://")
    if found < 0:
        return word
    start = found
    while start > max(0, found - _LONGEST_SCHEME) and word[start - 1] in _SCHEME:
        start -= 1
    body = word[start:].rstrip()
    return word[:start] + redact_url(body) + word[start + len(body) :]


def _redact_parameter(part: str) -> str:
    name, equals, _ = part.partition("=")
    if not equals or len(name) > _LONGEST_NAME or not _NAME.issuperset(name):
        return HIDDEN if part else ""
    return f"{name}={HIDDEN}"


def _cut(text: str, ends: str) -> tuple[str, str]:
    """Return `text` before and from the first of the characters `ends`."""
    first = min((found for end in ends if (found := text.find(end)) >= 0), default=len(text))
    return text[:first], text[first:]


def _is_scheme(text: str) -> bool:
    return 0 < len(text) <= _LONGEST_SCHEME and _SCHEME.issuperset(text)


def _is_host(text: str) -> bool:
    """Whether this can only be a host, with or without a port, and no part of a password."""
    if text.startswith("["):
        address, closed, port = text[1:].partition("]")
        return bool(closed) and _IPV6.issuperset(address) and (not port or (port[0] == ":" and _is_port(port[1:])))
    name, colon, port = text.partition(":")
    return all(each in _HOST or (each > "\x7f" and each.isalnum()) for each in name) and (not colon or _is_port(port))


def _is_port(text: str) -> bool:
    return len(text) <= 5 and text.isascii() and (not text or text.isdigit())


def _holds_login(path: str, *, after_port: bool) -> bool:
    """Whether a path may contain user and password: of a second URL in it, or of this one if the password has a slash."""
    plain = path.lower().replace("%3a", ":").replace("%40", "@").replace("%2f", "/")
    login, at, _ = plain.rpartition("@")
    return "://" in plain or (bool(at) and (after_port or ":" in login))

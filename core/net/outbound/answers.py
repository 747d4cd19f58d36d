"""What HTTP clients read of an answer: its body within limits, and how long the server asks to wait."""

from __future__ import annotations

import zlib
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from squall.core.net.outbound.client import Answer
from squall.core.net.outbound.errors import OutboundError

_LONGEST_RETRY_AFTER = 86_400.0
_GZIP = b"\x1f\x8b"
_TEXT = (b"<?xm", b"<rss", b"<fee", b"<rdf", b"<!DO", b"<htm")
"""How a text begins that a server calls packed and has not packed; raw deflate data begin so by chance only."""
_ANY_HEADER = 32 + zlib.MAX_WBITS
"""zlib finds out whether it is its own header or gzip's."""
_LONGEST_ENCODING = 200
_READABLE = frozenset({"gzip", "x-gzip", "deflate"})
_UNREADABLE = frozenset({"aes128gcm", "br", "compress", "dcb", "dcz", "exi", "pack200-gzip", "x-compress", "zstd"})
"""The other content codings that IANA has registered."""
ACCEPTED_ENCODINGS = "gzip, deflate"
"""What `read_body` can unpack, for the header Accept-Encoding."""


def retry_after(value: str, now: datetime) -> float | None:
    """Return the seconds a Retry-After header asks for (a number or a date), at most a day; None if it can't be read."""
    text = value[:100].strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), _LONGEST_RETRY_AFTER)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return min(max(0.0, (moment - now).total_seconds()), _LONGEST_RETRY_AFTER)


async def read_body(answer: Answer, max_bytes: int, *, whole: bool = True) -> bytes:
    """Read the body and unpack it (gzip, deflate); a library would unpack a whole chunk, however large it becomes.

    What servers write into Content-Encoding that is no coding (`utf-8`, `none`, `binary`, `8bit`) means nothing, as in browsers. Text that
    a server calls packed and has not packed is as it is. Several gzip members are one body (RFC 1952).

    Args:
        answer: its body has not been read.
        max_bytes: the limit, as sent and unpacked.
        whole: whether a longer one is an error; its beginning is returned otherwise.

    Raises:
        OutboundError: it is longer, ends early, or is packed in another way.
    """
    named = [name.strip() for name in answer.header("content-encoding").lower()[:_LONGEST_ENCODING].split(",")]
    encodings = [name for name in named if name in _READABLE or name in _UNREADABLE]
    encoding = encodings[0] if encodings else ""
    if len(encodings) > 1 or encoding in _UNREADABLE:
        raise OutboundError(f"the server sent the content encoding {', '.join(encodings)}, which was not requested")
    unpacker = _Unpacker(encoding, max_bytes) if encoding else None
    body = bytearray()
    received = 0
    async for chunk in answer.chunks():
        received += len(chunk)  # compressed data may unpack to nothing
        body += unpacker.take(chunk) if unpacker else chunk
        if not whole and len(body) >= max_bytes:
            return bytes(body[:max_bytes])
        if max(len(body), received) > max_bytes:
            raise OutboundError(f"longer than {max_bytes} bytes")
        if unpacker and unpacker.done:
            break
    if unpacker:
        unpacker.end()
    return bytes(body)


class _Unpacker:
    """Unpacks a body chunk by chunk.

    Args:
        encoding: as the server names it.
        max_bytes: about as much is unpacked of it.
    """

    def __init__(self, encoding: str, max_bytes: int) -> None:
        self._encoding = encoding
        self._room = max_bytes + 1
        self._rest = b""
        self._stream: zlib._Decompress | None = None
        self._members = 0
        self._plain = False
        self.done = False
        """What follows is no part of the body."""

    def take(self, chunk: bytes) -> bytes:
        """Return what `chunk` adds to the body; raises `OutboundError` if it is not packed as it is named."""
        if self._plain:
            return chunk
        found, rest = b"", self._rest + chunk
        while rest and self._room > 0 and not self.done:
            if self._stream is None:
                if len(rest) < len(_TEXT[0]):
                    break  # too short to tell what it is
                if self._members and not rest.startswith(_GZIP):
                    self.done = True
                    break
                if not self._members and rest.startswith(_TEXT):
                    self._plain = True
                    return rest
                self._stream = zlib.decompressobj(_window(rest, self._encoding))
                self._members += rest.startswith(_GZIP)
            try:
                added = self._stream.decompress(rest, self._room)
            except zlib.error as error:
                raise OutboundError(f"invalid {self._encoding} data") from error
            found, rest, self._room = found + added, self._stream.unused_data, self._room - len(added)
            if self._stream.eof:
                self._stream = None
                self.done = not self._members
        self._rest = rest if self._stream is None else b""
        return found

    def end(self) -> None:
        """Raise `OutboundError` if the body has ended early."""
        if not (self._plain or self.done or (self._members and self._stream is None)):
            raise OutboundError(f"{self._encoding} data ends early")


def _window(begin: bytes, encoding: str) -> int:
    """Return zlib's `wbits` for data that begin so: old servers (IIS) send `deflate` without zlib's header, against RFC 9110."""
    has_header = begin[0] & 0x0F == zlib.DEFLATED and int.from_bytes(begin[:2], "big") % 31 == 0
    return -zlib.MAX_WBITS if encoding == "deflate" and not has_header and begin[:2] != _GZIP else _ANY_HEADER

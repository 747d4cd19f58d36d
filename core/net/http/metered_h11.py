"""HTTP/1.1 parsing that a client can't make expensive."""

from __future__ import annotations

from typing import Final

import h11

_FREE_CHUNKS: Final = 100
"""So many pieces of a body may be of any size."""
_LEAST_CHUNK: Final = 16
"""Bytes per piece on average beyond that. A chunk costs about 30 µs however small it is, on the event loop that also answers probes."""


class MeteredH11Connection(h11.Connection):
    """Refuses bodies in tiny chunks, and requests that state their length in two ways (RFC 9112, section 6.3: an attack)."""

    def __init__(self, max_incomplete_event_size: int) -> None:
        super().__init__(h11.SERVER, max_incomplete_event_size)
        self._chunked = False
        self._pieces = 0
        self._bytes = 0

    def next_event(self) -> h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED]:
        """Return the next event as h11 does.

        Raises:
            h11.RemoteProtocolError: not HTTP, or refused here.
        """
        event = super().next_event()
        if isinstance(event, h11.Data) and self._chunked:
            self._pieces += 1
            self._bytes += len(event.data)
            if self._pieces > _FREE_CHUNKS and self._bytes < self._pieces * _LEAST_CHUNK:
                raise h11.RemoteProtocolError("the chunks of the body are too small; send larger ones")
        elif isinstance(event, h11.Request):
            self._pieces = self._bytes = 0
            names = {name for name, _ in event.headers}
            self._chunked = b"transfer-encoding" in names
            if {b"content-length", b"transfer-encoding"} <= names:
                raise h11.RemoteProtocolError("a request has either Content-Length or Transfer-Encoding")
        return event

"""Compressed messages of version 2: zstd with a dictionary that the server publishes."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

import zstandard

from squall.core.errors import InvalidRecordError, UnavailableError
from squall.ingest.registry.http import HttpAnswer
from squall.ingest.social.web_socket import MOST_MESSAGE_BYTES

log = logging.getLogger(__name__)

DICTIONARY_PATH: Final = "/xrpc/network.bsky.jetstream.getZstdDictionary"


class Unpacker:
    """Unpacks messages; without a dictionary they are returned as they are.

    The stream goes on uncompressed when there is no dictionary, or the server refuses the one it gave.

    Args:
        fetch: asks for the dictionary.
        wanted: whether to ask for compression at all.
    """

    def __init__(self, fetch: Callable[[], HttpAnswer], *, wanted: bool) -> None:
        self._fetch = fetch
        self._wanted = wanted
        self._decompressor: zstandard.ZstdDecompressor | None = None
        self._refused: set[int] = set()
        self.dictionary = 0
        """The id to ask the server for; 0: no compression."""

    def prepare(self) -> None:
        """Fetch the dictionary, if it is wanted and not there.

        Raises:
            StoppedError: the source is stopping.
        """
        if not self._wanted or self.dictionary:
            return
        try:
            answer = self._fetch()
        except UnavailableError as error:
            log.debug("messages come uncompressed: the dictionary can't be fetched: %s", error)
            return
        try:
            found = zstandard.ZstdCompressionDict(answer.body, dict_type=zstandard.DICT_TYPE_FULLDICT)
            if not answer.ok or not found.dict_id() or found.dict_id() in self._refused:
                raise ValueError
            self._decompressor = zstandard.ZstdDecompressor(dict_data=found)
        except (zstandard.ZstdError, ValueError):
            log.info("messages come uncompressed: the server gives no usable dictionary", extra={"status": answer.status})
            self._wanted = False
            return
        self.dictionary = found.dict_id()

    def refused(self) -> None:
        """Forget the dictionary: the server does not know it any more. The next `prepare` fetches another."""
        self._refused.add(self.dictionary)
        self._decompressor, self.dictionary = None, 0

    def unpack(self, message: bytes) -> bytes:
        """Return the message uncompressed, at most `MOST_MESSAGE_BYTES`.

        Raises:
            InvalidRecordError: it is damaged or too long.
        """
        if self._decompressor is None or message[:1] == b"{":
            return message
        try:
            parameters = zstandard.get_frame_parameters(message)
            if parameters.content_size > MOST_MESSAGE_BYTES and parameters.content_size != zstandard.CONTENTSIZE_UNKNOWN:
                raise InvalidRecordError("too_large", f"the message has more than {MOST_MESSAGE_BYTES} bytes")
            return self._decompressor.decompress(message, max_output_size=MOST_MESSAGE_BYTES)
        except zstandard.ZstdError:
            raise InvalidRecordError("broken_compression", "the message is not valid zstd for the server's dictionary") from None

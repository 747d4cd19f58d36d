"""The parser's own process: `python -m squall.ingest.rss.parser.process BYTES`, started and asked by the pool.

A feed is foreign, as are the articles that it links to, and no list of hostile inputs is complete. Here each of them has a budget of
processor time and memory that the kernel enforces, and nothing but this process ends with it. It speaks over its standard input, a socket:
a frame and the feed in, frames out. It ends when the other side does; in the middle of a feed, when that feed's processor time is used up.
"""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import socket
import sys
import time
from collections.abc import Callable
from typing import Any, Final

import orjson

from squall.ingest.rss.entry_split import CONTENT_TYPE, split_feed
from squall.ingest.rss.feed_formats import MarkupError, NotAFeedError, parse_feed

LENGTH_BYTES: Final = 8
"""In front of every frame, its length, big-endian."""
_SPLIT_SECONDS: Final = 2.0
Send = Callable[[dict[str, Any]], None]
Read = Callable[[dict[str, Any], bytes], dict[str, Any]]


def main() -> None:
    """Answer requests until the other side closes the socket."""
    _confine(int(sys.argv[1]))
    with socket.socket(fileno=os.dup(0)) as peer:
        send(peer, {"ready": True})
        while header := _receive(peer, LENGTH_BYTES):
            request = orjson.loads(_receive(peer, int.from_bytes(header, "big")))
            _answer(request, _receive(peer, request["length"]), lambda frame: send(peer, frame))


def send(peer: socket.socket, frame: dict[str, Any], body: bytes = b"") -> None:
    """Send one frame, and bytes behind it."""
    data = orjson.dumps(frame)
    peer.sendall(len(data).to_bytes(LENGTH_BYTES, "big") + data + body)


def _confine(memory_bytes: int) -> None:
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w", encoding="ascii") as file:  # noqa: PTH123
        file.write("1000")  # where memory is short, this process goes first
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent decides
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 2)  # from here on a message could repeat what a server sent


def _receive(peer: socket.socket, count: int) -> bytes:
    """Return `count` bytes, or nothing at the end of the stream."""
    data = bytearray()
    while len(data) < count:
        piece = peer.recv(min(count - len(data), 1 << 20))
        if not piece:
            return b""
        data += piece
    return bytes(data)


def _answer(request: dict[str, Any], body: bytes, reply: Send) -> None:
    if request["first"] is not None:
        _one_by_one(request, body, reply)
        return
    read = _READERS[request["kind"]]()  # what it imports is no foreign text's fault
    with _Budget(request["seconds"]):
        frame = _guarded(read, request, body)
    reply(_bounded(frame, request))


def _feed_reader() -> Read:
    return lambda request, body: {"entries": parse_feed(body, request["content_type"], request["url"])}


def _article_reader() -> Read:
    from squall.ingest.article.extraction import article_text

    return lambda request, body: {"text": article_text(body, request["content_type"])}


def _robots_reader() -> Read:
    from squall.ingest.article.extraction import crawl_rule

    return lambda request, body: {"rule": crawl_rule(body, request["url"], request["token"])}


_READERS: Final[dict[str, Callable[[], Read]]] = {"feed": _feed_reader, "article": _article_reader, "robots": _robots_reader}
"""What may be asked for, each with what it needs, which is imported when it is asked for first."""


def _one_by_one(request: dict[str, Any], body: bytes, reply: Send) -> None:
    """Announce each entry before it is parsed: the one at which this process ends is known then."""
    began = time.process_time()
    with _Budget(_SPLIT_SECONDS):
        feed = split_feed(body, request["content_type"])
    for number in range(request["first"], len(feed.entries)):
        spent = time.process_time() - began
        if spent > request["seconds"]:
            reply({"end": number, "spent": spent})
            return
        alone = feed.alone(number)
        seconds = request["entry_seconds"] + request["seconds_per_byte"] * len(alone)
        raw = feed.entries[number][: request["raw_bytes"]].decode("utf-8", "replace")
        reply({"begin": number, "raw": raw, "spent": spent + seconds})
        with _Budget(seconds):
            frame = _guarded(_feed_reader(), {**request, "content_type": CONTENT_TYPE}, alone)
        reply(_bounded(frame, request))
    reply({"end": len(feed.entries), "of": len(feed.entries), "spent": time.process_time() - began})


def _guarded(read: Read, request: dict[str, Any], body: bytes) -> dict[str, Any]:
    try:
        return read(request, body)
    except NotAFeedError as error:
        return {"not_a_feed": str(error)}
    except MarkupError as error:
        return {"failed": str(error)}
    except MemoryError:  # what is left would not do for the next one
        os._exit(1)
    except Exception as error:  # noqa: BLE001 - of any kind: the message is foreign, its type is not
        return {"failed": f"the parser failed with {type(error).__name__}"}


def _bounded(frame: dict[str, Any], request: dict[str, Any]) -> dict[str, Any]:
    return frame if len(orjson.dumps(frame)) <= request["reply_bytes"] else {"failed": "it becomes too large"}


class _Budget:
    """Processor time; when it is used up, the kernel ends this process."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def __enter__(self) -> None:
        signal.setitimer(signal.ITIMER_PROF, self._seconds)

    def __exit__(self, *_: object) -> None:
        signal.setitimer(signal.ITIMER_PROF, 0)


if __name__ == "__main__":
    main()

"""Events straight from the channel of a stream, many at a time.

What a Faust stream does around each event (a turn of the event loop, sensors, a reference to the current event) is a good part of the
processor time of a message, and nothing of it is used here: events are acknowledged by the driver, once they are stored.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final

MOST: Final = 256
"""Events at a time, so that heartbeats and fetches have their turns between."""


async def next_events(stream: Any, now: Callable[[], float] = time.monotonic) -> list[Any]:
    """Wait for an event of `stream`; return it and those that are there behind it, in order, at most `MOST`.

    Raises:
        StopAsyncIteration: Faust has ended the stream.
    """
    channel = stream.channel
    queue = channel.queue
    events = [await channel.get()]
    while len(events) < MOST and not queue.empty():
        events.append(queue.get_nowait())
    inbound, at = stream.app.monitor.stream_inbound_time, now()
    for partition in {event.message.tp for event in events}:
        inbound[partition] = at  # else Faust takes the stream for one that has stopped, and says so every few minutes
    return events

"""Faust's consumer thread while the broker does not answer: it can't be stopped.

A stop commits, leaves the group and closes the connections, and each of these waits for the broker's answer, up to the request timeout
and again. Until then the thread, which is no daemon, keeps the process alive, or keeps its membership of the group and with
it partitions that nobody reads. When the main loop ends first, the thread fails with "Event loop is closed".
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from typing import Any

from squall.stream.drivers.faust.quirks.private_attributes import kafka_consumer


async def cut_off(app: Any) -> None:
    """End `app` where it stands, without a word to the broker, which removes the member after its session timeout."""
    consumer, thread = kafka_consumer(app), getattr(app.consumer, "_thread", None)
    worker = getattr(thread, "_thread", None)
    if thread is not None and worker is not None and worker.is_alive():
        thread._close_thread_loop_on_stop = False  # services that end later may still call into it
        worker._invoke_excepthook = lambda _: None  # "Event loop stopped before Future completed" is what we ask for
        thread.thread_loop.call_soon_threadsafe(_end, thread.thread_loop, consumer)
        await asyncio.to_thread(worker.join)
    for service in _tree(app):
        service._stopped.set()
        for task in service._futures:
            task.cancel()


def _end(loop: asyncio.AbstractEventLoop, consumer: Any) -> None:
    loop.set_exception_handler(lambda *_: None)  # requests fail by the dozen, and nobody waits for them any more
    with contextlib.suppress(Exception):
        for connection in list(consumer._client._conns.values()):
            connection.close()
    loop.call_soon(loop.stop)


def _tree(service: Any) -> Iterator[Any]:
    yield service
    for child in service._children:
        yield from _tree(child)

"""Four tasks for every message: Faust's consumer hands a message over in one, beside others that wait for a stop, a crash and a rebalance.

A stream whose buffer has room takes a message without waiting, and the tasks are then most of the processor time of a message.
"""

from __future__ import annotations

import types
from collections.abc import Coroutine, Generator
from typing import Any


def hand_over_directly(consumer: Any) -> None:
    """Let `consumer` (Faust's) make tasks only for a message that has to wait for room. Applies once per consumer."""
    if getattr(consumer, "squall_direct", False):
        return
    wait_first = consumer.wait_first

    async def direct(*waited: Any, **options: Any) -> Any:
        if len(waited) != 2 or not all(isinstance(each, Coroutine) for each in waited):
            return await wait_first(*waited, **options)
        hand_over, suspended = waited
        try:
            needs = hand_over.send(None)
        except StopIteration:
            suspended.close()
            return None  # nobody looks at it: the consumer continues with the next message
        except BaseException:
            suspended.close()
            raise
        return await wait_first(_finish(hand_over, needs), suspended, **options)

    consumer.wait_first = direct
    consumer.squall_direct = True


async def _finish(begun: Coroutine[Any, Any, Any], needs: Any) -> Any:
    return await _continued(begun, needs)


@types.coroutine
def _continued(begun: Coroutine[Any, Any, Any], needs: Any) -> Generator[Any, Any, Any]:
    """Run a coroutine on that has been begun, and waits for what it yielded."""
    try:
        while True:
            try:
                sent = yield needs
            except GeneratorExit:
                begun.close()
                raise
            except BaseException as error:  # noqa: BLE001 - it is for the coroutine
                needs = begun.throw(error)
            else:
                needs = begun.send(sent)
    except StopIteration as end:
        return end.value

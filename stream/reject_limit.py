"""When so much of a partition is rejected that the worker must stop, before it dead-letters the whole topic.

Two limits per partition, as in the dead-letter queues of arroyo (Sentry): rejects in a row, and their share of the last items. The
first catches a partition that holds nothing but rejects, beside healthy partitions; the second a bad producer among good ones.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass

from squall.core.config.settings import ProcessorSettings
from squall.core.errors import TooManyRejectsError
from squall.core.items import Item, Origin, Outcome, Rejection

Partition = tuple[str, int]
"""A Kafka topic and partition, or a source and 0."""

HINT = (
    "look at what is sent there and at this worker's version; nothing of this batch was dead-lettered or acknowledged. "
    "To let it all be dead-lettered, raise SQUALL_PROCESSOR__{setting} and start again"
)


@dataclass
class _History:
    """The last items of one partition."""

    window: deque[str]
    """Per item the reason of its rejection, empty for one that is good."""
    in_row: int = 0
    rejected: int = 0
    """Rejects within the window."""

    def copy(self) -> _History:
        return _History(self.window.copy(), self.in_row, self.rejected)

    def add(self, reason: str) -> None:
        if len(self.window) == self.window.maxlen:
            self.rejected -= bool(self.window[0])
        self.window.append(reason)
        self.rejected += bool(reason)
        self.in_row = self.in_row + 1 if reason else 0


class RejectLimit:
    """Counts rejects per partition, consecutive ones and their ratio over the last `reject_window` items.

    Rejects that their source limits itself (`Item.limited_by_source`) do not count. What the model rejects always counts.

    Args:
        settings: `max_consecutive_rejects`, `max_reject_ratio`, `reject_window`.
    """

    def __init__(self, settings: ProcessorSettings) -> None:
        self._settings = settings
        self._partitions: dict[Partition, _History] = {}

    def check(self, items: Sequence[Item], outcomes: Sequence[Outcome]) -> None:
        """Count the items of one micro-batch, with one outcome per item, in the order of each partition.

        Raises:
            TooManyRejectsError: a limit is exceeded in some partition. Nothing of the batch is counted then: the same batch raises again.
        """
        touched: dict[Partition, _History] = {}
        for item, outcome in zip(items, outcomes, strict=True):
            if item.limited_by_source:
                continue
            partition = (item.origin.topic, item.origin.partition)
            history = touched.get(partition)
            if history is None:
                known = self._partitions.get(partition)
                history = touched[partition] = known.copy() if known else _History(deque(maxlen=self._settings.reject_window))
            history.add(outcome.rejection.reason if outcome.rejection else "")
            if outcome.rejection is not None:
                self._check(history, item.origin, outcome.rejection)
        self._partitions.update(touched)

    def _check(self, history: _History, origin: Origin, last: Rejection) -> None:
        where = f"{origin.topic}, partition {origin.partition}"
        if history.in_row > self._settings.max_consecutive_rejects:
            raise TooManyRejectsError(
                f"{where}: {history.in_row} items in a row were rejected (limit {self._settings.max_consecutive_rejects}), "
                f"the last, at offset {origin.offset}, with {last.reason}: {last.detail}",
                HINT.format(setting="MAX_CONSECUTIVE_REJECTS"),
                origin.topic,
            )
        size = len(history.window)
        if size == history.window.maxlen and history.rejected > self._settings.max_reject_ratio * size:
            reason, count = Counter(filter(None, history.window)).most_common(1)[0]
            raise TooManyRejectsError(
                f"{where}: {history.rejected} of the last {size} items were rejected (limit {self._settings.max_reject_ratio:.0%}), "
                f"{count} of them with {reason}; the last, at offset {origin.offset}, with {last.reason}: {last.detail}",
                HINT.format(setting="MAX_REJECT_RATIO"),
                origin.topic,
            )

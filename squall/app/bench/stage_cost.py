"""Processor time of each stage, measured one after another so that every second belongs to one of them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from itertools import pairwise
from typing import Final

from squall.app.bench.recorder import Recorder
from squall.app.bench.ways import Bench, Scoring
from squall.core.codec import HEADERS, encode_document
from squall.core.items import Origin
from squall.stream.drivers.faust.decode import decode_item

STAGES: Final = ("decode", "look-up", "score", "store", "acknowledge")
_BATCH = 512


def stage_costs(bench: Bench, scoring: Scoring, documents: int, cpu: Callable[[], float] = time.process_time) -> dict[str, float]:
    """Return processor seconds per document of each of `STAGES`, in micro-batches of 512; threads of the network and the store count.

    Args:
        bench: store and documents.
        scoring: what scores.
        documents: how many.
        cpu: processor time of this process so far, seconds.
    """
    made, stop = bench.documents(), threading.Event()
    processor = bench.processor(scoring, Recorder(documents, bench.clock, stop), stop)
    tracker = bench.tracker("bench-stages")
    costs = dict.fromkeys(STAGES, 0.0)
    for start in range(0, documents, _BATCH):
        values = [encode_document(document) for document in made.many(min(_BATCH, documents - start), bench.clock.now())]
        marks = [cpu()]
        items = [decode_item(value, HEADERS, Origin("bench-stages", 0, start + place)) for place, value in enumerate(values)]
        marks.append(cpu())
        batch = processor.look_up(items)
        marks.append(cpu())
        processor.read(batch)
        processor.make_rows(batch)
        marks.append(cpu())
        processor.insert(batch)
        marks.append(cpu())
        processor.settle(batch)
        tracker.stored(items, {})
        marks.append(cpu())
        for stage, (before, after) in zip(STAGES, pairwise(marks), strict=True):
            costs[stage] += (after - before) / documents
    return costs

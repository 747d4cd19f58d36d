"""How much of everything a number of documents a day needs: arithmetic over measured rates, and a queue over a simulated day."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

MINUTES: Final = 1440
PROFILE: Final = (2, 2, 2, 2, 2, 3, 5, 6, 6, 5, 5, 5, 6, 8, 8, 7, 6, 5, 4, 3, 3, 3, 2, 2)
"""Documents of each hour of a day (UTC) in proportion: a business day of Europe and America."""


@dataclass(frozen=True)
class Rates:
    """What one of each can do; docs/capacity.md says which of the defaults were measured, and how.

    Args:
        core_documents: documents a second that one CPU core scores.
        gpu_documents: documents a second that one GPU scores.
        process_documents: documents a second that one worker process can take through everything but the network: Python runs one
            thread at a time.
        store_microseconds: processor time of ClickHouse for the insert of one document with its mentions and indexes.
        recount_microseconds: processor time of one update of the counts, for each document of the 25 hours that it looks at.
        document_bytes: on disk, with mentions, indexes and counts.
        message_bytes: in Kafka.
    """

    core_documents: float = 650.0
    gpu_documents: float = 20_000.0
    process_documents: float = 1_000.0
    store_microseconds: float = 280.0
    recount_microseconds: float = 6.0
    document_bytes: float = 800.0
    message_bytes: float = 1_200.0


@dataclass(frozen=True)
class Machines:
    """How large each machine is, and what is asked of the whole.

    Args:
        worker_cores: of a CPU worker.
        server_cores: of a ClickHouse server.
        server_bytes: of disk of a ClickHouse server, of which 70% are used.
        replicas: servers of each shard.
        retention_days: documents are kept so long.
        kafka_days: messages are kept so long.
        kafka_replicas: brokers that have each message.
        delay_seconds: a document waits at most so long for its worker, also in a burst.
        update_seconds: an update of the counts takes at most so long.
    """

    worker_cores: int = 2
    server_cores: int = 16
    server_bytes: float = 8e12
    replicas: int = 2
    retention_days: int = 400
    kafka_days: int = 7
    kafka_replicas: int = 3
    delay_seconds: float = 60.0
    update_seconds: float = 60.0


@dataclass(frozen=True)
class Prices:
    """Assumptions, in US dollars: of an hour of a core, of an hour of a GPU, and of a terabyte of disk a month."""

    core_hour: float = 0.04
    gpu_hour: float = 2.50
    terabyte_month: float = 80.0


@dataclass(frozen=True)
class Backlog:
    """What a queue did in a day.

    Args:
        largest: most documents that waited.
        longest_seconds: longest time that one waited.
        busy: mean share of the capacity that was used.
        minutes: how long any document waited for more than a second, altogether.
    """

    largest: float
    longest_seconds: float
    busy: float
    minutes: int


def arrivals_of(
    documents: float, profile: Sequence[float], burst: float, burst_minutes: int, seed: int | None = None
) -> npt.NDArray[np.float64]:
    """Return documents in each minute of a day.

    Args:
        documents: of the day, without the burst.
        profile: hours in proportion, 24 numbers.
        burst: times as many documents in the burst, which begins with the busiest hour.
        burst_minutes: its length.
        seed: draws each minute from a Poisson distribution; None: the means.

    Raises:
        ValueError: the profile has not 24 numbers of zero or more, or all are zero.
    """
    hours = np.asarray(profile, dtype=np.float64)
    if hours.shape != (24,) or (hours < 0).any() or not hours.any():
        raise ValueError("a profile has 24 numbers of zero or more, one for each hour")
    minutes = np.repeat(hours / hours.sum() / 60, 60) * documents
    begins = 60 * int(hours.argmax())
    minutes[begins : begins + burst_minutes] *= burst
    return minutes if seed is None else np.random.default_rng(seed).poisson(minutes).astype(np.float64)


def queue(arrivals: npt.NDArray[np.float64], capacity: float) -> Backlog:
    """Return what happens to `arrivals` a minute where `capacity` documents a second are taken, first come first served.

    Within a minute documents come evenly. Two days are simulated; the second counts.
    """
    step = 60 * capacity
    waiting = np.zeros(2 * len(arrivals))
    left = 0.0
    for at, come in enumerate(np.concatenate([arrivals, arrivals])):
        left = max(0.0, left + come - step)
        waiting[at] = left
    day = waiting[len(arrivals) :]
    return Backlog(
        float(day.max()), float(day.max() / capacity), float(arrivals.sum() / (step * len(arrivals))), int((day > capacity).sum())
    )


def capacity_for(arrivals: npt.NDArray[np.float64], delay_seconds: float) -> float:
    """Return the least documents a second, to one in a thousand, with which none waits longer than `delay_seconds`."""
    low, high = float(arrivals.mean() / 60), float(arrivals.max() / 60)
    if queue(arrivals, low).longest_seconds <= delay_seconds:
        return low
    while high - low > 1e-3 * high:
        middle = (low + high) / 2
        low, high = (low, middle) if queue(arrivals, middle).longest_seconds <= delay_seconds else (middle, high)
    return high


def size_of(
    documents: float,
    rates: Rates | None = None,
    machines: Machines | None = None,
    prices: Prices | None = None,
    *,
    profile: Sequence[float] = PROFILE,
    burst: float = 5.0,
    burst_minutes: int = 15,
    seed: int | None = None,
) -> dict[str, Any]:
    """Return what `documents` a day need, as `squall bench capacity --json` prints it.

    Args:
        documents: a day.
        rates: what one of each can do.
        machines: how large each is.
        prices: of an hour and of a terabyte.
        profile: as of `arrivals_of`, as are `burst`, `burst_minutes` and `seed`.

    Raises:
        ValueError: not a positive number of documents, or no profile.
    """
    if not 0 < documents < float("inf"):
        raise ValueError(f"{documents} documents a day are not a positive number")
    rates, machines, prices = rates or Rates(), machines or Machines(), prices or Prices()
    arrivals = arrivals_of(documents, profile, burst, burst_minutes, seed)
    needed = capacity_for(arrivals, machines.delay_seconds)
    worker = min(machines.worker_cores * rates.core_documents, rates.process_documents)
    cpu_workers = math.ceil(needed / worker)
    gpus, processes = math.ceil(needed / rates.gpu_documents), math.ceil(needed / rates.process_documents)
    stored = documents * rates.document_bytes * machines.retention_days
    shards = {
        "disk": math.ceil(stored / (0.7 * machines.server_bytes)),
        "inserts": math.ceil(needed * rates.store_microseconds / 1e6 / (0.5 * machines.server_cores)),
    }
    servers = max(shards.values()) * machines.replicas
    disk = stored * machines.replicas + documents * rates.message_bytes * machines.kafka_days * machines.kafka_replicas
    per_day = 24 * prices.core_hour * (servers * machines.server_cores) + disk / 1e12 * prices.terabyte_month / 30
    millions = documents / 1e6
    return {
        "documents_per_day": documents,
        "rates": asdict(rates),
        "machines": asdict(machines),
        "prices": asdict(prices),
        "arrivals": {"mean_per_second": documents / 86_400, "peak_per_second": float(arrivals.max() / 60), "needed_per_second": needed},
        "partitions": {"cpu": max(4, 2 * cpu_workers), "gpu": max(4, 2 * processes)},
        "workers": {"cpu": cpu_workers, "or_gpus": gpus, "processes_beside_gpus": processes},
        "clickhouse": {"shards": max(shards.values()), "shards_by": shards, "replicas": machines.replicas, "servers": servers},
        "disk_bytes": {"clickhouse": stored * machines.replicas, "all": disk},
        "backlog": asdict(queue(arrivals, cpu_workers * worker)),
        "dollars_per_million": {
            "cpu": (per_day + 24 * prices.core_hour * cpu_workers * machines.worker_cores) / millions,
            "gpu": (per_day + 24 * (prices.gpu_hour * gpus + prices.core_hour * processes)) / millions,
        },
        "breaks_first": [
            {"what": what, "at_documents_per_day": limit}
            for what, limit in limits(rates, machines, needed / documents)
            if limit < documents
        ],
    }


def limits(rates: Rates, machines: Machines, needed_share: float) -> list[tuple[str, float]]:
    """Return up to how many documents a day one of each is enough, the scarcest first.

    Args:
        rates: what one of each can do.
        machines: how large each is.
        needed_share: documents a second that must be taken, for each document of a day.
    """
    found = {
        "a worker's cores": machines.worker_cores * rates.core_documents / needed_share,
        "a worker's Python thread": rates.process_documents / needed_share,
        "a GPU": rates.gpu_documents / needed_share,
        "a server's disk": 0.7 * machines.server_bytes / (rates.document_bytes * machines.retention_days),
        "a server's processors, inserts": 0.5 * machines.server_cores / rates.store_microseconds * 1e6 / needed_share,
        "the update of counts, which one server makes": machines.update_seconds * machines.server_cores / 2 / _recount_seconds(1.0, rates),
    }
    return sorted(found.items(), key=lambda pair: pair[1])


def _recount_seconds(documents: float, rates: Rates) -> float:
    """Return the processor time of one update of the counts: it looks at the documents of 25 hours."""
    return documents * 25 / 24 * rates.recount_microseconds / 1e6

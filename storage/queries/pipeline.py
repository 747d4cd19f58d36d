"""Samples of how workers perform, and their sum."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from squall.storage.queries.base import Queries
from squall.storage.rows.pipeline import PipelineReport, PipelineSample
from squall.storage.schema.table import utc
from squall.storage.schema.tables.pipeline import PIPELINE_SAMPLES

REPORT_SECONDS: Final = 30
"""A worker without a sample for so long has stopped: it writes one about every ten seconds."""
_RECENT: Final = timedelta(minutes=5)

_LAST_SAMPLE = "SELECT at FROM pipeline_samples ORDER BY at DESC LIMIT 1"
_REPORT = """
SELECT uniqExactIf(worker, at > {alive:DateTime64(3, 'UTC')}),
       sumIf(stored, at > {minute:DateTime64(3, 'UTC')}),
       sum(stored),
       quantileExactWeightedIf(0.5)(published_p50, stored, stored > 0),
       maxIf(published_p99, stored > 0),
       quantileExactWeightedIf(0.5)(collected_p50, stored, stored > 0),
       maxIf(collected_p99, stored > 0),
       sum(duplicates),
       sum(rejected)
FROM pipeline_samples
WHERE at > {recent:DateTime64(3, 'UTC')} AND at <= {now:DateTime64(3, 'UTC')}
"""
_LAG = """
SELECT sum(waiting)
FROM (SELECT argMax(lag, at) AS waiting FROM pipeline_samples WHERE at > {alive:DateTime64(3, 'UTC')} GROUP BY worker)
"""


class PipelineQueries(Queries):
    """Samples for dashboards; no decision depends on them."""

    def write_samples(self, samples: Sequence[PipelineSample]) -> None:
        """Store what workers did."""
        self._write(PIPELINE_SAMPLES, samples)

    def report(self, now: datetime) -> PipelineReport | None:
        """Sum up the samples of all workers up to `now`, wall time; None when there is none at all."""
        last = self._one(_LAST_SAMPLE)
        if last is None:
            return None
        alive, minute = now - timedelta(seconds=REPORT_SECONDS), now - timedelta(minutes=1)
        row = self._only(_REPORT, now=now, alive=alive, minute=minute, recent=now - _RECENT)
        workers, lately, stored, p50, p99, collected_p50, collected_p99, duplicates, rejected = row
        (lag,) = self._only(_LAG, alive=alive)
        (last_at,) = last
        return PipelineReport(
            last_at=utc(last_at),
            workers=int(workers),
            rate_per_second=int(lately) / 60,
            published_p50=float(p50) if stored else None,
            published_p99=float(p99) if stored else None,
            collected_p50=float(collected_p50) if stored else None,
            collected_p99=float(collected_p99) if stored else None,
            lag=None if lag is None else int(lag),
            duplicates=int(duplicates),
            rejected=int(rejected),
        )

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
SELECT uniqExactIf(worker, at > {alive:DateTime64(3, 'UTC')}) AS workers_alive,
       sumIf(stored, at > {minute:DateTime64(3, 'UTC')}) AS stored_last_minute,
       sum(stored) AS stored_sum,
       quantileExactWeightedIf(0.5)(published_p50, stored, stored > 0) AS published_median,
       maxIf(published_p99, stored > 0) AS published_highest_p99,
       quantileExactWeightedIf(0.5)(collected_p50, stored, stored > 0) AS collected_median,
       maxIf(collected_p99, stored > 0) AS collected_highest_p99,
       sum(duplicates) AS duplicates_sum,
       sum(rejected) AS rejected_sum
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
        row = self._only_by_name(_REPORT, now=now, alive=alive, minute=minute, recent=now - _RECENT)
        stored = bool(row["stored_sum"])
        (lag,) = self._only(_LAG, alive=alive)
        (last_at,) = last
        return PipelineReport(
            last_at=utc(last_at),
            workers=int(row["workers_alive"]),
            rate_per_second=int(row["stored_last_minute"]) / 60,
            published_p50=float(row["published_median"]) if stored else None,
            published_p99=float(row["published_highest_p99"]) if stored else None,
            collected_p50=float(row["collected_median"]) if stored else None,
            collected_p99=float(row["collected_highest_p99"]) if stored else None,
            lag=None if lag is None else int(lag),
            duplicates=int(row["duplicates_sum"]),
            rejected=int(row["rejected_sum"]),
        )

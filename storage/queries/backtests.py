"""Writing what processes tell of their own work, what the detector saw, and what backtests came to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from squall.storage.queries.base import StoreBase, valid_text
from squall.storage.rows.telemetry import DetectorRun, KeptAlert, KeptBacktest, KeptEvent, KeptReading, PipelineSample, SeriesReading
from squall.storage.schema.tables import (
    BACKTEST_ALERTS,
    BACKTEST_EVENTS,
    BACKTEST_READINGS,
    BACKTESTS,
    DETECTOR_RUNS,
    PIPELINE_SAMPLES,
    READINGS,
)


class TelemetryQueries(StoreBase):
    """Rows for dashboards; nothing of Squall's own decides by them."""

    def write_pipeline_samples(self, samples: Sequence[PipelineSample]) -> None:
        """Store what workers did."""
        self._insert(
            PIPELINE_SAMPLES,
            [
                (
                    row.at,
                    valid_text(row.worker),
                    row.seconds,
                    row.stored,
                    row.duplicates,
                    row.rejected,
                    [valid_text(reason) for reason in row.reasons],
                    row.batches,
                    row.largest_batch,
                    row.retries,
                    row.scoring_seconds,
                    row.storing_seconds,
                    row.published.p50,
                    row.published.p99,
                    row.published.max,
                    row.collected.p50,
                    row.collected.p99,
                    row.collected.max,
                    row.lag,
                    row.model_version,
                    row.device,
                    row.device_memory,
                )
                for row in samples
            ],
        )

    def write_detector_run(self, run: DetectorRun) -> None:
        """Store what one run of the detector did."""
        row = (
            run.at,
            run.seconds,
            run.watermark,
            run.evaluated_until,
            run.ticks,
            run.fired,
            run.resolved,
            run.sent,
            run.waiting,
            valid_text(run.error),
        )
        self._insert(DETECTOR_RUNS, [row])

    def write_readings(self, readings: Sequence[SeriesReading]) -> None:
        """Store what the detector saw; a later reading of the same series and time replaces it."""
        version = self._next_version()
        now = datetime.fromtimestamp(version // 1_000_000, UTC)
        values = [
            (
                row.series,
                row.kind.value,
                row.time,
                row.window_minutes,
                row.observed,
                row.total,
                row.expected,
                row.expected_low,
                row.expected_high,
                row.expected_share,
                row.p_value,
                now,
                version,
            )
            for row in readings
        ]
        self._insert(READINGS, values)

    def keep_backtest(
        self, run: KeptBacktest, alerts: Sequence[KeptAlert], events: Sequence[KeptEvent], readings: Sequence[KeptReading]
    ) -> None:
        """Store the results of a backtest; its head last, so that a run that is listed is whole."""
        version = self._next_version()
        self._insert(BACKTEST_ALERTS, [(run.id, *_kept_alert(row), version) for row in alerts])
        self._insert(BACKTEST_EVENTS, [(run.id, *_kept_event(row), version) for row in events])
        lines = [
            (run.id, row.series, row.time, row.observed, row.expected, row.expected_low, row.expected_high, version) for row in readings
        ]
        self._insert(BACKTEST_READINGS, lines)
        self._insert(BACKTESTS, [(*_kept_head(run), version)])


def _kept_alert(row: KeptAlert) -> tuple[object, ...]:
    return (
        row.id,
        row.series,
        row.kind.value,
        row.test,
        row.severity,
        row.opened_at,
        row.fired_at,
        row.resolved_at,
        row.observed,
        row.expected,
        row.p_value,
        [valid_text(name) for name in row.events],
    )


def _kept_event(row: KeptEvent) -> tuple[object, ...]:
    return (valid_text(row.name), row.starts_at, row.ends_at, list(row.topics), row.alerts, row.delay_minutes)


def _kept_reading(row: KeptReading) -> tuple[object, ...]:
    return (row.series, row.time, row.observed, row.expected, row.expected_low, row.expected_high)


def _kept_head(run: KeptBacktest) -> tuple[object, ...]:
    return (
        run.id,
        valid_text(run.name),
        run.run_at,
        run.method,
        run.model_version,
        run.evaluated_from,
        run.evaluated_to,
        run.documents,
        run.alerts,
        run.compared,
        run.matched_events,
        run.missed_events,
        run.false_alarms,
        run.topic_days,
        run.median_delay_minutes,
        valid_text(run.settings),
        run.seconds,
    )

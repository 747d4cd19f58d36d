"""Where the detector stands, what its runs did, and what it saw."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from squall.storage.queries.base import Queries
from squall.storage.rows.detector import DetectorPosition, DetectorRun, SeriesReading
from squall.storage.schema.tables.alerting import DETECTOR_POSITIONS, DETECTOR_RUNS, READINGS

_POSITION = DETECTOR_POSITIONS.select("FINAL WHERE name = {name:String}")
_LAST_RUN = DETECTOR_RUNS.select("ORDER BY at DESC LIMIT 1")
_READINGS = READINGS.select(
    """FINAL
WHERE series = {series:String} AND time >= {start:DateTime64(3, 'UTC')} AND time <= {end:DateTime64(3, 'UTC')}
  AND toUnixTimestamp(time) % {every:UInt32} = 0
ORDER BY time"""
)


class DetectorQueries(Queries):
    """The detector's position decides where it continues; runs and readings are for dashboards only."""

    def write_position(self, name: str, evaluated_until: datetime, state: str) -> None:
        """Remember how far the detector `name` has evaluated event time, with its state as JSON."""
        self._write(DETECTOR_POSITIONS, [DetectorPosition(name, evaluated_until, state)])

    def position(self, name: str) -> DetectorPosition | None:
        """Return the last position written, None before the first."""
        return next(iter(self._read(DETECTOR_POSITIONS, _POSITION, name=name)), None)

    def write_run(self, run: DetectorRun) -> None:
        """Store what one run of the detector did."""
        self._write(DETECTOR_RUNS, [run])

    def last_run(self) -> DetectorRun | None:
        """Return the last run, None when there was none."""
        return next(iter(self._read(DETECTOR_RUNS, _LAST_RUN)), None)

    def write_readings(self, readings: Sequence[SeriesReading]) -> None:
        """Store what the detector saw; a later reading of the same series and time replaces it."""
        version = self._versions.next(READINGS.name)[0]
        self._write(READINGS, readings, version=version, written_at=datetime.fromtimestamp(version // 1_000_000, UTC))

    def readings(self, series: str, start: datetime, end: datetime, *, every: timedelta = timedelta(seconds=1)) -> list[SeriesReading]:
        """Return what the detector saw of a series in [start, end], at multiples of `every` since the epoch, oldest first."""
        return self._read(READINGS, _READINGS, series=series, start=start, end=end, every=int(every.total_seconds()))

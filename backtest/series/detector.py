"""The production detector for one long series: the same readings of counts, fitted less often where an hour holds one bucket."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from squall.alerts.detection.detector import Detector
from squall.alerts.detection.rules import rules
from squall.alerts.detection.views import HourModel
from squall.alerts.detection.windows import Hourly
from squall.core.config.settings import DetectorSettings

_REFIT_BUCKETS: Final = 6


class SeriesDetector(Detector):
    """Evaluates counts alone, refits every six buckets if that is longer than an hour, and keeps what it fitted for a second look.

    Reads one series only: what it keeps is not keyed by series.
    """

    def __init__(self, settings: DetectorSettings) -> None:
        super().__init__(settings, counts_only=True)
        self.narrowest = rules(settings)[0].minutes
        """Minutes of the shortest window, for `read_at`'s `only_window`."""
        self._hours = max(_REFIT_BUCKETS * settings.step_minutes // 60, 1)
        self._kept: dict[int, HourModel] = {}

    def hour_model(self, hourly: Hourly, documents: Hourly, hour: int) -> HourModel:
        """Return the model of `hour` (since the epoch): the one fitted at the start of its refit interval."""
        begun = hour - hour % self._hours
        if begun not in self._kept:
            self._kept[begun] = super().hour_model(hourly, documents, begun)
        return replace(self._kept[begun], hour=hour)

"""Settings of the detector: which series it watches, and what counts as unusual."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from squall.core.config.sections import FrozenDict, Positive, Seconds, Section


class DetectorSettings(Section):
    """Which series are watched, and how unusual a rise must be to raise an alert."""

    method: Literal["seasonal", "return-period", "z-score", "threshold"] = Field(
        "seasonal",
        description="how a spike is detected; return-period: for few dense series that burst often; the last two are for comparison",
    )
    return_days: Annotated[float, Field(gt=1)] = Field(
        5.0, description="the method `return-period` raises alerts about what the series' own past brings less often than once in this time"
    )
    market: bool = Field(True, description="also watch all topics together; an alert about them mutes the alerts of single topics")
    symbols: tuple[str, ...] = Field((), description="symbols to watch besides the topics, for example AAPL")
    sectors: Annotated[Mapping[str, tuple[str, ...]], FrozenDict] = Field(
        {}, description="name = symbols; each sector is watched as one series"
    )
    threshold_documents: Positive = Field(50, description="threshold of the method `threshold`")
    grace_minutes: Annotated[int, Field(ge=0, le=1440)] = Field(
        30, description="event time for which documents that arrive after their minute was evaluated can still open an alert"
    )
    no_data_p_value: Annotated[float, Field(ge=0, lt=0.5)] = Field(
        1e-6, description="opens an alert that a source stopped: the probability of so few documents; 0: never"
    )
    stories: bool = Field(True, description="put documents into stories as they settle, with novelty and counts of linked documents")
    lease_seconds: Seconds = Field(180.0, description="how long after a detector stops unexpectedly another one takes over")
    interval_seconds: Seconds = Field(60.0, description="wall time between two runs")
    step_minutes: Annotated[int, Field(ge=1, le=60)] = Field(1, description="event time between two evaluations")
    history_days: Annotated[int, Field(ge=2, le=90)] = Field(28, description="history that the baseline uses")
    min_history_hours: Positive = Field(24, description="no alerts before this much history")
    guard_minutes: Positive = Field(
        240, description="most recent event time excluded from the baseline; at least the longest window of the burst test"
    )
    settle_seconds: Annotated[float, Field(ge=0)] = Field(120.0, description="event time to wait for late documents")
    idle_seconds: Seconds = Field(
        10.0, description="wall time after which an idle partition, read to its end, no longer holds the watermark back"
    )
    window_minutes: Annotated[int, Field(ge=5, le=1440)] = Field(
        60, description="longest window of the burst test; shorter windows, down to a twelfth, are tested too"
    )
    p_value: Annotated[float, Field(gt=0, lt=0.5)] = Field(
        1e-6, description="count and share combined, to open a burst alert; smaller: less sensitive"
    )
    min_documents: Positive = Field(8, description="fewest negative documents in a window of the burst test")
    slow_window_minutes: Annotated[int, Field(ge=0, le=2880)] = Field(
        720, description="longest window of the burn test, for slow rises; a half and a quarter of it are tested too; 0: off"
    )
    slow_p_value: Annotated[float, Field(gt=0, lt=0.5)] = Field(
        5e-4, description="count and share combined, to open a burn alert; long windows give few independent tests"
    )
    slow_min_documents: Positive = Field(20, description="fewest negative documents in a window of the burn test")
    min_ratio: Annotated[float, Field(ge=1)] = Field(1.5, description="smallest observed/expected ratio, in any window")
    for_minutes: Annotated[int, Field(ge=0)] = Field(
        5, description="how long a breach must last before its alert fires; in proportion longer for slow windows"
    )
    names_per_day: Annotated[float, Field(ge=0, le=1000)] = Field(
        3.0,
        description="alerts about names a day, on average; what is worth one is learnt from that; 0: names are not watched",
    )
    resolve_minutes: Positive = Field(60, description="how long a series must be back to normal before its alert resolves")

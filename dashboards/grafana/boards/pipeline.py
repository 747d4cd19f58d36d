"""Pipeline health: is everything that is published stored, and how fast."""

from __future__ import annotations

from grafana_foundation_sdk.models.dashboard import Dashboard, Threshold

from squall.dashboards.grafana.components.columns import time_columns
from squall.dashboards.grafana.components.dashboard import PIPELINE, build_dashboard, query_variable
from squall.dashboards.grafana.components.overrides import Override, field, fixed_color, thresholds
from squall.dashboards.grafana.components.palette import EXPECTED, GOOD, NEGATIVE, NEUTRAL, POSITIVE, WARNING
from squall.dashboards.grafana.components.panels import stat_panel, table_panel, time_series_panel

_LATENCY = [
    field("p50", displayName="half of the documents (p50)", color=fixed_color(GOOD)),
    field("p99", displayName="99 of 100 (p99)", color=fixed_color(WARNING)),
    field("worst", displayName="slowest", color=fixed_color(NEGATIVE)),
]


def _alarming(*steps: tuple[float, str]) -> dict[str, object]:
    return {"color": {"mode": "thresholds"}, "thresholds": thresholds([Threshold(None, "text"), *(Threshold(*step) for step in steps)])}


def _summary() -> list[Override]:
    return [
        field("documents", displayName="Documents stored"),
        field("workers", displayName="Workers"),
        field("rate", displayName="Documents per second", decimals=1),
        field("typical", displayName="Published to stored, p50", unit="s"),
        field("worst_p99", displayName="Published to stored, worst p99", unit="s"),
        field("rejected", displayName="Rejected", **_alarming((1, WARNING))),
        field("last_report", displayName="Last report", unit="s", **_alarming((30, WARNING), (120, NEGATIVE))),
        field("model", displayName="Model"),
    ]


def build() -> Dashboard:
    """Build the dashboard."""
    panels = [
        stat_panel(
            1,
            "In this range",
            "Every worker reports every ten seconds, also when it has nothing to do. No report for half a minute means that it stopped.",
            "pipeline/summary",
            (0, 0, 24, 4),
            overrides=_summary(),
        ),
        time_series_panel(
            2,
            "From publication to storage",
            "How old documents are when they are stored; feeds that publish late show here. The p99 is that of the worst ten seconds in "
            "each bucket.",
            "pipeline/published",
            (0, 4, 12, 9),
            unit="s",
            lowest=0,
            overrides=_LATENCY,
        ),
        time_series_panel(
            3,
            "From collection to storage",
            "What our own pipeline adds: queueing, scoring and storing. Rising while the lag rises: too few workers or too slow a device.",
            "pipeline/collected",
            (12, 4, 12, 9),
            unit="s",
            lowest=0,
            overrides=_LATENCY,
        ),
        time_series_panel(
            4,
            "Throughput",
            "Documents per second. Duplicates were delivered again and stored once; rejected items are in the table below. The last "
            "bucket is not full yet.",
            "pipeline/throughput",
            (0, 13, 12, 8),
            lowest=0,
            axis="per second",
            overrides=[
                field("stored_per_second", displayName="stored", color=fixed_color(GOOD)),
                field("duplicates_per_second", displayName="duplicates", color=fixed_color(NEUTRAL)),
                field("rejected_per_second", displayName="rejected", color=fixed_color(NEGATIVE)),
            ],
        ),
        time_series_panel(
            5,
            "Kafka lag",
            "Messages that wait in Kafka for each worker. Empty when the pipeline runs without Kafka.",
            "pipeline/lag",
            (12, 13, 12, 8),
            label="name",
            lowest=0,
            axis="messages",
        ),
        time_series_panel(
            6,
            "Batches",
            "Documents per batch, and how often a batch had to be stored again. Full batches all the time mean a backlog.",
            "pipeline/batches",
            (0, 21, 8, 8),
            lowest=0,
            axis="documents",
            overrides=[
                field("mean_batch", displayName="mean", color=fixed_color(EXPECTED)),
                field("biggest_batch", displayName="largest", color=fixed_color(POSITIVE)),
                field(
                    "repeated",
                    displayName="stored again",
                    color=fixed_color(NEGATIVE),
                    custom__axisPlacement="right",
                    custom__axisLabel="times",
                ),
            ],
        ),
        time_series_panel(
            7,
            "Busy with scoring",
            "Share of the time in which the model's device worked for the worker. Near 1 the device is what limits the throughput.",
            "pipeline/busy",
            (8, 21, 8, 8),
            label="name",
            unit="percentunit",
            lowest=0,
            highest=1,
            calcs=("mean", "max"),
            steps=[Threshold(None, "transparent"), Threshold(0.9, WARNING)],
        ),
        time_series_panel(
            8,
            "GPU memory",
            "Memory the model holds on its device. Empty on a CPU.",
            "pipeline/memory",
            (16, 21, 8, 8),
            label="name",
            unit="bytes",
            lowest=0,
        ),
        time_series_panel(
            9,
            "Rejected items by reason",
            "What could not become a document, by why. One reason that jumps is a feed that changed its format.",
            "pipeline/rejected",
            (0, 29, 10, 9),
            label="name",
            lowest=0,
            axis="items",
            bars=True,
            stacked=True,
            calcs=("sum",),
        ),
        table_panel(
            10,
            "Newest rejected items",
            "With the beginning of the item, so that it can be found and mended.",
            "pipeline/dead_letters",
            (10, 29, 14, 9),
            overrides=[
                *time_columns(at="At"),
                field("topic", displayName="From", custom__width=120),
                field("stage", displayName="Stage", custom__width=90),
                field("reason", displayName="Reason", custom__width=130),
                field("detail", displayName="Detail", custom__minWidth=200),
                field("item", displayName="Item", custom__minWidth=200),
            ],
        ),
        time_series_panel(
            11,
            "Detector run time",
            "Seconds a run of the detector took. It should stay far below the minute between two runs.",
            "pipeline/detector_time",
            (0, 38, 12, 8),
            unit="s",
            lowest=0,
            steps=[Threshold(None, "transparent"), Threshold(60, NEGATIVE)],
            overrides=[
                field("run_time", displayName="run time", color=fixed_color(EXPECTED)),
                field("failed", displayName="failed runs", unit="short", color=fixed_color(NEGATIVE), custom__axisPlacement="right"),
            ],
        ),
        time_series_panel(
            12,
            "How far the detector is behind",
            "Behind the clock: what an alert lags reality by. Behind the data: what is stored but not evaluated yet. Replayed history is "
            "as far behind the clock as it is old.",
            "pipeline/detector_behind",
            (12, 38, 12, 8),
            unit="s",
            overrides=[
                field("behind_clock", displayName="behind the clock", color=fixed_color(WARNING)),
                field("behind_data", displayName="behind the data", color=fixed_color(POSITIVE)),
            ],
        ),
        table_panel(
            13,
            "Model versions",
            "Which model scored, on what device, when it was first and last seen.",
            "pipeline/models",
            (0, 46, 24, 6),
            overrides=[
                field("model_version", displayName="Model", custom__minWidth=140),
                field("device", displayName="Device", custom__width=100),
                field("workers", displayName="Workers", custom__width=110),
                field("documents", displayName="Documents", custom__width=125),
                *time_columns(first_seen="First seen", last_seen="Last seen"),
            ],
        ),
        table_panel(
            14,
            "Runs of the detector worth a look",
            "Runs that failed, changed an alert or left messages waiting.",
            "pipeline/detector_runs",
            (0, 52, 24, 8),
            overrides=[
                *time_columns(at="At", watermark="Data complete until", evaluated_until="Evaluated until"),
                field("seconds", displayName="Took", unit="s", decimals=2, custom__width=100),
                field("ticks", displayName="Steps", custom__width=90),
                field("fired", displayName="Fired", custom__width=90),
                field("resolved", displayName="Resolved", custom__width=110),
                field("sent", displayName="Sent", custom__width=90),
                field("waiting", displayName="Waiting", custom__width=105),
                field("error", displayName="Error", custom__minWidth=240),
            ],
        ),
    ]
    return build_dashboard(
        PIPELINE,
        "Is everything that is published stored, how fast, and what stands in the way: latency, throughput, lag, batches, rejected "
        "items, model, device, detector.",
        panels,
        variables=[query_variable("worker", "Worker", "Processes that score and store.", "variables/worker", multi=True)],
        since="now-6h",
        refresh="30s",
    )

"""Pipeline health: latency, throughput, lag, rejected items, models, and runs of the detector."""

from __future__ import annotations

from grafana_foundation_sdk.models.dashboard import Dashboard, Threshold

from squall.dashboards.grafana.components.columns import time_columns
from squall.dashboards.grafana.components.dashboard import PIPELINE, build_dashboard, query_variable
from squall.dashboards.grafana.components.overrides import Override, field, fixed_color, threshold_colors
from squall.dashboards.grafana.components.palette import EXPECTED, GOOD, NEGATIVE, NEUTRAL, POSITIVE, WARNING
from squall.dashboards.grafana.components.panels import stat_panel, table_panel, time_series_panel

_LATENCY = [
    field("p50", displayName="p50", color=fixed_color(GOOD)),
    field("p99", displayName="p99", color=fixed_color(WARNING)),
    field("maximum", displayName="maximum", color=fixed_color(NEGATIVE)),
]


def _warning_colors(*steps: tuple[float, str]) -> dict[str, object]:
    return threshold_colors([Threshold(None, "text"), *(Threshold(*step) for step in steps)])


def _summary() -> list[Override]:
    return [
        field("documents", displayName="Documents stored"),
        field("workers", displayName="Workers"),
        field("rate", displayName="Documents per second", decimals=1),
        field("p50", displayName="Latency, p50", unit="s"),
        field("max_p99", displayName="Latency, highest p99", unit="s"),
        field("rejected", displayName="Rejected", **_warning_colors((1, WARNING))),
        field("last_report", displayName="Time since last report", unit="s", **_warning_colors((30, WARNING), (120, NEGATIVE))),
        field("model", displayName="Model"),
    ]


def build() -> Dashboard:
    """Build the dashboard."""
    panels = [
        stat_panel(
            1,
            "Summary",
            "Every worker reports every ten seconds, even when it is idle. If there is no report for 30 seconds, the worker has stopped.",
            "pipeline/summary",
            (0, 0, 24, 4),
            overrides=_summary(),
        ),
        time_series_panel(
            2,
            "Latency since publication",
            "Age of documents when they are stored. Feeds that publish late show up here. The p99 is the highest of the ten-second "
            "samples in each bucket.",
            "pipeline/published",
            (0, 4, 12, 9),
            unit="s",
            lowest=0,
            overrides=_LATENCY,
        ),
        time_series_panel(
            3,
            "Latency since collection",
            "The time that the pipeline itself adds: queueing, scoring and storing. If it rises together with the lag, there are too "
            "few workers or the device is too slow.",
            "pipeline/collected",
            (12, 4, 12, 9),
            unit="s",
            lowest=0,
            overrides=_LATENCY,
        ),
        time_series_panel(
            4,
            "Throughput",
            "Documents per second. Duplicates were redelivered and are stored once; rejected items are listed below. The last bucket "
            "is incomplete.",
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
            "Messages waiting in Kafka, by worker. Empty if the pipeline runs without Kafka.",
            "pipeline/lag",
            (12, 13, 12, 8),
            label="name",
            lowest=0,
            axis="messages",
        ),
        time_series_panel(
            6,
            "Batches",
            "Documents per batch, and how often storing a batch was retried. Batches that are always full indicate a backlog.",
            "pipeline/batches",
            (0, 21, 8, 8),
            lowest=0,
            axis="documents",
            overrides=[
                field("mean_batch", displayName="mean", color=fixed_color(EXPECTED)),
                field("max_batch", displayName="largest", color=fixed_color(POSITIVE)),
                field(
                    "retried",
                    displayName="retries",
                    color=fixed_color(NEGATIVE),
                    custom__axisPlacement="right",
                    custom__axisLabel="retries",
                ),
            ],
        ),
        time_series_panel(
            7,
            "Scoring utilization",
            "Share of time in which the device scored documents for the worker. Near 100%, the device limits the throughput.",
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
            "Memory that the model uses on the device. Empty on a CPU.",
            "pipeline/memory",
            (16, 21, 8, 8),
            label="name",
            unit="bytes",
            lowest=0,
        ),
        time_series_panel(
            9,
            "Rejected items by reason",
            "Items that could not be read as documents, by reason. A sudden rise of one reason usually means that a feed has changed "
            "its format.",
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
            "Latest rejected items",
            "Rejected items with the error and the start of the item.",
            "pipeline/dead_letters",
            (10, 29, 14, 9),
            overrides=[
                *time_columns(at="Time"),
                field("topic", displayName="Topic", custom__width=120),
                field("stage", displayName="Stage", custom__width=90),
                field("reason", displayName="Reason", custom__width=130),
                field("detail", displayName="Detail", custom__minWidth=200),
                field("item", displayName="Item", custom__minWidth=200),
            ],
        ),
        time_series_panel(
            11,
            "Detector run time",
            "Duration of detector runs. It should stay well below the one minute between two runs.",
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
            "Detector delay",
            "Behind wall clock: the delay that the detector adds to alerts. Behind stored data: data that is stored but not evaluated "
            "yet. In a replay, the delay behind wall clock is the age of the data.",
            "pipeline/detector_behind",
            (12, 38, 12, 8),
            unit="s",
            overrides=[
                field("behind_clock", displayName="behind wall clock", color=fixed_color(WARNING)),
                field("behind_data", displayName="behind stored data", color=fixed_color(POSITIVE)),
            ],
        ),
        table_panel(
            13,
            "Model versions",
            "Model versions that scored documents, their devices, and when they were first and last seen.",
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
            "Notable detector runs",
            "Runs that failed, changed an alert, or ended with notifications queued. Sent: since the run before.",
            "pipeline/detector_runs",
            (0, 52, 24, 8),
            overrides=[
                *time_columns(at="Time", watermark="Watermark", evaluated_until="Evaluated until"),
                field("seconds", displayName="Duration", unit="s", decimals=2, custom__width=100),
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
        "Health of the pipeline: latency, throughput, lag, batches, rejected items, model versions, device, and detector.",
        panels,
        variables=[query_variable("worker", "Worker", "Workers that score and store documents.", "variables/worker", multi=True)],
        since="now-6h",
        refresh="30s",
    )

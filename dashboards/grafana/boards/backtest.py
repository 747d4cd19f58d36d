"""Backtest: what the detector would have done, of a run kept in the store."""

from __future__ import annotations

from grafana_foundation_sdk.models.dashboard import Dashboard, Threshold

from squall.dashboards.grafana.components.columns import colored, severity_column, time_columns
from squall.dashboards.grafana.components.dashboard import BACKTEST, annotation, build_dashboard, query_variable
from squall.dashboards.grafana.components.overrides import data_link, field, field_by_label, fixed_color, interval_band, thresholds
from squall.dashboards.grafana.components.palette import GOOD, NEGATIVE, NEUTRAL, WARNING
from squall.dashboards.grafana.components.panels import stat_panel, table_panel, time_series_panel

_RUN = f"/d/{BACKTEST}?var-run=${{__data.fields.id}}&from=${{__data.fields.from_ms:raw}}&to=${{__data.fields.to_ms:raw}}"


def build() -> Dashboard:
    """Build the dashboard."""
    panels = [
        table_panel(
            1,
            "Runs that were kept",
            "Click a run to see it with the time range it evaluated: the other panels show only what falls into the range. Runs are kept "
            "by `squall backtest … --keep`.",
            "backtest/runs",
            (0, 0, 24, 7),
            overrides=[
                *time_columns(run_at="Run at", evaluated_from="Evaluated from", evaluated_to="Evaluated to"),
                field("run", displayName="Run", custom__minWidth=180, links=[data_link("Show this run", _RUN)]),
                field("method", displayName="Method", custom__width=160),
                field("model_version", displayName="Model", custom__width=140),
                field("alerts", displayName="Alerts", custom__width=95),
                field("found", displayName="Found", custom__width=95),
                field("missed", displayName="Missed", custom__width=100),
                field("false_ones", displayName="False alarms", custom__width=135),
                field("median_delay_minutes", displayName="Median delay", unit="m", custom__width=135),
                *(field(name, custom__hidden=True) for name in ("id", "from_ms", "to_ms")),
            ],
        ),
        stat_panel(
            2,
            "Verdict",
            "Events found and missed are of the list the run was compared with; a false alarm matches none of them. Without a list there "
            "is only the number of alerts to judge by.",
            "backtest/verdict",
            (0, 7, 24, 4),
            overrides=[
                field("documents", displayName="Documents"),
                field("alerts", displayName="Alerts"),
                field("found", displayName="Events found"),
                field(
                    "missed",
                    displayName="Events missed",
                    color={"mode": "thresholds"},
                    thresholds=thresholds([Threshold(None, "text"), Threshold(1, NEGATIVE)]),
                ),
                field("false_ones", displayName="False alarms"),
                field("recall", displayName="Found of all events", unit="percentunit", decimals=0),
                field("per_topic_day", displayName="False alarms per topic and day", decimals=3),
                field("median_delay", displayName="Median delay", unit="s"),
                field("seconds", displayName="Run took", unit="s"),
            ],
        ),
        table_panel(
            3,
            "Events",
            "Each event of the list: whether an alert found it and how long after its start.",
            "backtest/events",
            (0, 11, 24, 7),
            overrides=[
                *time_columns(starts_at="Started", ends_at="Ended"),
                field("name", displayName="Event", custom__minWidth=160),
                field("topics", displayName="Topics", custom__minWidth=120),
                field(
                    "verdict",
                    displayName="Verdict",
                    custom__width=95,
                    custom__cellOptions={"type": "color-text"},
                    mappings=colored({"found": GOOD, "missed": NEGATIVE}),
                ),
                field("alerts", displayName="Alerts", custom__width=95),
                field("delay", displayName="Delay", unit="s", custom__width=85),
            ],
        ),
        table_panel(
            4,
            "Alerts of the run",
            "What would have fired, what it counted against what was expected, and the events it matches.",
            "backtest/alerts",
            (0, 18, 24, 8),
            overrides=[
                *time_columns(opened_at="First breach", fired_at="Fired", resolved_at="Resolved"),
                severity_column(),
                field("series", displayName="Series", custom__minWidth=150),
                field("kind", displayName="Kind", custom__width=75),
                field("test", displayName="Test", custom__width=75),
                field("observed", displayName="Observed", custom__width=115),
                field("expected", displayName="Expected", decimals=1, custom__width=115),
                field("p_value", displayName="p", unit="sci", decimals=1, custom__width=90),
                field("events", displayName="Events", custom__minWidth=140),
            ],
        ),
        time_series_panel(
            5,
            "Alerts over time",
            "Alerts that match an event of the list, and those that match none.",
            "backtest/alerts_over_time",
            (0, 26, 24, 7),
            label="name",
            lowest=0,
            axis="alerts",
            bars=True,
            stacked=True,
            calcs=("sum",),
            overrides=[
                field_by_label("matched an event", color=fixed_color(GOOD)),
                field_by_label("matched no event", color=fixed_color(WARNING)),
            ],
        ),
        table_panel(
            6,
            "Settings of the run",
            "With these the run can be repeated.",
            "backtest/settings",
            (0, 33, 24, 5),
            overrides=[
                field("name", displayName="Run", custom__width=180),
                field("method", displayName="Method", custom__width=160),
                field("model_version", displayName="Model", custom__width=140),
                *time_columns(evaluated_from="Evaluated from", evaluated_to="Evaluated to"),
                field("documents", displayName="Documents", custom__width=125),
                field("seconds", displayName="Took", unit="s", custom__width=80),
                field("settings", displayName="Settings", custom__minWidth=400, custom__inspect=True),
            ],
        ),
        time_series_panel(
            7,
            "$series: observed against expected",
            "Negative documents per hour and what 90% of such hours hold given the history before them. Marks: events (grey) and alerts "
            "(orange).",
            "backtest/readings",
            (0, 38, 8, 9),
            lowest=0,
            axis="negative documents",
            overrides=interval_band(),
            repeat="series",
        ),
    ]
    return build_dashboard(
        BACKTEST,
        "What the detector would have done: the verdict, events found and missed with their delay, alerts, and observed against expected "
        "counts of a run that was kept.",
        panels,
        variables=[
            query_variable("run", "Run", "A run that was kept.", "variables/run", include_all=False),
            query_variable("series", "Series", "Which charts to draw.", "variables/backtest_series", multi=True),
        ],
        annotations=[annotation("Events", "backtest/event_marks", NEUTRAL), annotation("Alerts", "backtest/alert_marks", NEGATIVE)],
        since="now-30d",
        refresh="",
    )

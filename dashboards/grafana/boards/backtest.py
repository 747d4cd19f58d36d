"""Backtest: the result of a run that was saved in the store."""

from __future__ import annotations

from grafana_foundation_sdk.models.dashboard import Dashboard

from squall.dashboards.grafana.components.columns import severity_column, time_columns, value_colors
from squall.dashboards.grafana.components.dashboard import BACKTEST, annotation, build_dashboard, query_variable
from squall.dashboards.grafana.components.overrides import RED_FROM_ONE, data_link, field, field_by_label, fixed_color, interval_band
from squall.dashboards.grafana.components.palette import GOOD, NEGATIVE, NEUTRAL, WARNING
from squall.dashboards.grafana.components.panels import stat_panel, table_panel, time_series_panel

_RUN = f"/d/{BACKTEST}?var-run=${{__data.fields.id}}&from=${{__data.fields.from_ms:raw}}&to=${{__data.fields.to_ms:raw}}"


def build() -> Dashboard:
    """Build the dashboard."""
    panels = [
        table_panel(
            1,
            "Saved runs",
            "Click a run to select it with the time range that it evaluated; the other panels show only data in the time range. "
            "`squall backtest … --keep NAME` saves a run.",
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
                field("false_alarms", displayName="False alarms", custom__width=135),
                field("median_delay_minutes", displayName="Median delay", unit="m", custom__width=135),
                *(field(name, custom__hidden=True) for name in ("id", "from_ms", "to_ms")),
            ],
        ),
        stat_panel(
            2,
            "Result",
            "Found and missed events are those of the list that the run was compared with; a false alarm matches none of them. Without "
            "a list, only the number of alerts is known.",
            "backtest/result",
            (0, 7, 24, 4),
            overrides=[
                field("documents", displayName="Documents"),
                field("alerts", displayName="Alerts"),
                field("found", displayName="Events found"),
                field(
                    "missed",
                    displayName="Events missed",
                    **RED_FROM_ONE,
                ),
                field("false_alarms", displayName="False alarms"),
                field("recall", displayName="Recall", unit="percentunit", decimals=0),
                field("per_topic_day", displayName="False alarms per topic and day", decimals=3),
                field("median_delay", displayName="Median delay", unit="s"),
                field("seconds", displayName="Duration", unit="s"),
            ],
        ),
        table_panel(
            3,
            "Events",
            "The events of the list: whether an alert found them, and how long after their start.",
            "backtest/events",
            (0, 11, 24, 7),
            overrides=[
                *time_columns(starts_at="Started", ends_at="Ended"),
                field("name", displayName="Event", custom__minWidth=160),
                field("topics", displayName="Topics", custom__minWidth=120),
                field(
                    "result",
                    displayName="Result",
                    custom__width=95,
                    custom__cellOptions={"type": "color-text"},
                    mappings=value_colors({"found": GOOD, "missed": NEGATIVE}),
                ),
                field("alerts", displayName="Alerts", custom__width=95),
                field("delay", displayName="Delay", unit="s", custom__width=85),
            ],
        ),
        table_panel(
            4,
            "Alerts",
            "The alerts that would have fired, with observed and expected counts and the events that they match.",
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
            "Alerts that match an event of the list, and alerts that match none.",
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
            "Settings",
            "The settings that reproduce the run.",
            "backtest/settings",
            (0, 33, 24, 5),
            overrides=[
                field("name", displayName="Run", custom__width=180),
                field("method", displayName="Method", custom__width=160),
                field("model_version", displayName="Model", custom__width=140),
                *time_columns(evaluated_from="Evaluated from", evaluated_to="Evaluated to"),
                field("documents", displayName="Documents", custom__width=125),
                field("seconds", displayName="Duration", unit="s", custom__width=100),
                field("settings", displayName="Settings", custom__minWidth=400, custom__inspect=True),
            ],
        ),
        time_series_panel(
            7,
            "$series: observed and expected",
            "Negative documents per hour, and the interval that holds 90% of such hours based on the preceding history. Annotations: "
            "events (grey) and alerts (orange).",
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
        "The result of a saved backtest: found and missed events with their delay, alerts, and observed and expected counts.",
        panels,
        variables=[
            query_variable("run", "Run", "A saved run.", "variables/run", include_all=False),
            query_variable("series", "Series", "The series to chart.", "variables/backtest_series", multi=True),
        ],
        annotations=[annotation("Events", "backtest/event_marks", NEUTRAL), annotation("Alerts", "backtest/alert_marks", NEGATIVE)],
        since="now-30d",
        refresh="",
    )

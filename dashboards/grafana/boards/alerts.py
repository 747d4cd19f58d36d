"""Alerts: open and past alerts, time to detect, notifications, silences and acknowledgements."""

from __future__ import annotations

from grafana_foundation_sdk.models.dashboard import Dashboard

from squall.dashboards.grafana.components.columns import alert_columns, peak_columns, series_column, time_columns, value_colors
from squall.dashboards.grafana.components.dashboard import ALERTS, build_dashboard, query_variable
from squall.dashboards.grafana.components.overrides import RED_FROM_ONE, field, field_by_label, fixed_color
from squall.dashboards.grafana.components.palette import EXPECTED, GOOD, NEGATIVE, NEUTRAL, POSITIVE, WARNING
from squall.dashboards.grafana.components.panels import stat_panel, table_panel, time_series_panel

_SEVERITIES = [field_by_label("critical", color=fixed_color(NEGATIVE)), field_by_label("warning", color=fixed_color(WARNING))]
_COLORED = {"type": "color-text"}


def build() -> Dashboard:
    """Build the dashboard."""
    panels = [
        stat_panel(
            1,
            "Alerts",
            "Alerts that were open at any time in the time range. Time to detect is the event time from the first breach to the moment "
            "the alert fired.",
            "alerts/summary",
            (0, 0, 16, 4),
            overrides=[
                field("firing", displayName="Firing", **RED_FROM_ONE),
                field("pending", displayName="Pending"),
                field("fired", displayName="Fired"),
                field("critical", displayName="Critical"),
                field("time_to_detect", displayName="Median time to detect", unit="s"),
                field("unacknowledged", displayName="Unacknowledged"),
            ],
        ),
        stat_panel(
            2,
            "Notifications",
            "E-mails and webhook calls created in the time range (wall time). Queued notifications are retried until they are "
            "delivered. The delay is the 99th percentile.",
            "alerts/notification_summary",
            (16, 0, 8, 4),
            overrides=[
                field("sent", displayName="Sent"),
                field("queued", displayName="Queued", **RED_FROM_ONE),
                field("delay", displayName="Delay, p99", unit="s", decimals=1),
            ],
        ),
        table_panel(
            3,
            "Open alerts",
            "Pending alerts have breached once and wait for confirmation. Notifications are sent for firing alerts. Firing and "
            "critical alerts are listed first. Now: the negative documents of the current window, and all of it.",
            "alerts/open",
            (0, 4, 24, 8),
            overrides=[
                field(
                    "state",
                    displayName="State",
                    custom__width=95,
                    custom__cellOptions=_COLORED,
                    mappings=value_colors({"firing": NEGATIVE, "pending": WARNING}),
                ),
                field("now", displayName="Now", custom__width=150),
                field(
                    "trend",
                    displayName="Trend",
                    custom__width=90,
                    custom__cellOptions=_COLORED,
                    mappings=value_colors({"rising": NEGATIVE, "falling": POSITIVE}),
                ),
                *peak_columns(),
                *alert_columns(),
                field("explanation", custom__hidden=True),
                field("acknowledged_by", displayName="Acknowledged by", custom__minWidth=170),
            ],
        ),
        time_series_panel(
            4,
            "Alerts fired",
            "Number of fired alerts by severity. A constant stream of warnings means that the settings are too sensitive.",
            "alerts/over_time",
            (0, 12, 8, 8),
            label="severity",
            axis="alerts",
            lowest=0,
            bars=True,
            stacked=True,
            calcs=("sum",),
            overrides=_SEVERITIES,
        ),
        time_series_panel(
            5,
            "Time to detect",
            "Each point is an alert: the time from its first breach to the moment it fired.",
            "alerts/time_to_detect",
            (8, 12, 8, 8),
            label="severity",
            unit="s",
            lowest=0,
            points=True,
            calcs=("median", "max"),
            overrides=_SEVERITIES,
        ),
        time_series_panel(
            6,
            "Notifications sent",
            "E-mails and webhook calls sent, by receiver.",
            "alerts/notifications_over_time",
            (16, 12, 8, 8),
            label="receiver",
            axis="notifications",
            lowest=0,
            bars=True,
            stacked=True,
            calcs=("sum",),
        ),
        table_panel(
            7,
            "Past alerts",
            "Resolved alerts. Alerts that never fired are omitted.",
            "alerts/past",
            (0, 20, 24, 10),
            overrides=[
                *alert_columns(),
                field("explanation", custom__hidden=True),
                field("lasted", displayName="Duration", unit="s", custom__width=100),
                *peak_columns(),
                field("acknowledged_by", displayName="Acknowledged by", custom__minWidth=170),
            ],
        ),
        table_panel(
            8,
            "Alerts by series",
            "Number of fired alerts by series. A series with far more alerts than the others may need its own settings.",
            "alerts/by_series",
            (0, 30, 10, 9),
            overrides=[
                series_column(),
                field("kind", displayName="Kind", custom__width=100),
                field("alerts", displayName="Alerts", custom__width=100),
                field("critical", displayName="Critical", custom__width=100),
                *time_columns(last="Last fired"),
            ],
        ),
        table_panel(
            9,
            "Latest notifications",
            "The latest notifications (wall time), with the last error of those that are still queued.",
            "alerts/notifications",
            (10, 30, 14, 9),
            overrides=[
                *time_columns(created_at="Created"),
                field("receiver", displayName="Receiver", custom__width=110),
                field("event", displayName="Event", custom__width=100),
                field(
                    "status",
                    displayName="Status",
                    custom__width=110,
                    custom__cellOptions=_COLORED,
                    mappings=value_colors({"sent": GOOD, "queued": WARNING}),
                ),
                field("attempts", displayName="Attempts", custom__width=110),
                field("delay", displayName="Delay", unit="s", decimals=1, custom__width=100),
                series_column(),
                field("alert_count", displayName="Alerts", custom__width=110),
                field("last_error", displayName="Last error", custom__minWidth=160),
            ],
        ),
        table_panel(
            10,
            "Silences",
            "No notifications are sent for alerts that match all patterns of an active silence; the alerts are still detected and stored.",
            "alerts/silences",
            (0, 39, 12, 8),
            overrides=[
                field(
                    "state",
                    displayName="State",
                    custom__width=110,
                    custom__cellOptions=_COLORED,
                    mappings=value_colors({"active": WARNING, "planned": EXPECTED, "over": NEUTRAL}),
                ),
                field("matches", displayName="Matches", custom__minWidth=160),
                field("author", displayName="By", custom__width=110),
                field("reason", displayName="Reason", custom__minWidth=140),
                *time_columns(starts_at="From", ends_at="Until"),
            ],
        ),
        table_panel(
            11,
            "Acknowledgements",
            "Who acknowledged which alert (wall time). The latest acknowledgement replaces earlier ones.",
            "alerts/acknowledgements",
            (12, 39, 12, 8),
            overrides=[
                *time_columns(at="Time"),
                field("author", displayName="By", custom__width=110),
                field("note", displayName="Note", custom__minWidth=160),
                series_column(),
                field("state", displayName="State now", custom__width=110),
            ],
        ),
    ]
    return build_dashboard(
        ALERTS,
        "Open and past alerts with their explanations, time to detect, notifications, silences and acknowledgements.",
        panels,
        variables=[
            query_variable("severity", "Severity", "Severity of the alerts.", "variables/severity", multi=True),
            query_variable("kind", "Kind", "The kind of series: topic, symbol, sector, market or source.", "variables/kind", multi=True),
        ],
        since="now-7d",
    )

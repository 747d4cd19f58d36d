"""Alerts: what is open, what was, how fast they came and who was told."""

from __future__ import annotations

from grafana_foundation_sdk.models.dashboard import Dashboard, Threshold

from squall.dashboards.grafana.components.columns import alert_columns, colored, series_column, time_columns
from squall.dashboards.grafana.components.dashboard import ALERTS, build_dashboard, query_variable
from squall.dashboards.grafana.components.overrides import field, field_by_label, fixed_color, thresholds
from squall.dashboards.grafana.components.palette import EXPECTED, GOOD, NEGATIVE, NEUTRAL, WARNING
from squall.dashboards.grafana.components.panels import stat_panel, table_panel, time_series_panel

_SEVERITIES = [field_by_label("critical", color=fixed_color(NEGATIVE)), field_by_label("warning", color=fixed_color(WARNING))]
_COLORED = {"type": "color-text"}


def build() -> Dashboard:
    """Build the dashboard."""
    red_from_one = {
        "color": {"mode": "thresholds"},
        "thresholds": thresholds([Threshold(None, "text"), Threshold(1, NEGATIVE)]),
    }
    panels = [
        stat_panel(
            1,
            "Alerts of this range",
            "Alerts whose life falls into the range. Time to detect runs from the first breach to the moment the alert fired, in time of "
            "publication: what the detector needed to be sure.",
            "alerts/summary",
            (0, 0, 16, 4),
            overrides=[
                field("firing", displayName="Firing", **red_from_one),
                field("pending", displayName="Pending"),
                field("fired", displayName="Fired in all"),
                field("critical", displayName="Critical"),
                field("time_to_detect", displayName="Median time to detect", unit="s"),
                field("unacknowledged", displayName="Taken up by nobody"),
            ],
        ),
        stat_panel(
            2,
            "Messages of this range",
            "E-mails and webhook calls that were made in the range, by the clock. Waiting ones are tried again until they pass; the "
            "delay is that of the slowest 1%.",
            "alerts/mail_summary",
            (16, 0, 8, 4),
            overrides=[
                field("sent", displayName="Sent"),
                field("waiting", displayName="Waiting", **red_from_one),
                field("delay", displayName="Delay, p99", unit="s", decimals=1),
            ],
        ),
        table_panel(
            3,
            "Open alerts",
            "Pending alerts have breached once and wait for a second look; firing ones have been told of. Firing and critical ones first.",
            "alerts/open",
            (0, 4, 24, 8),
            overrides=[
                field(
                    "state",
                    displayName="State",
                    custom__width=95,
                    custom__cellOptions=_COLORED,
                    mappings=colored({"firing": NEGATIVE, "pending": WARNING}),
                ),
                *alert_columns(),
                field("explanation", custom__hidden=True),
                field("taken_up_by", displayName="Taken up by", custom__minWidth=140),
            ],
        ),
        time_series_panel(
            4,
            "Alerts fired",
            "How many alerts fired, by severity. A steady stream of warnings means the settings are too nervous.",
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
            "Each point is an alert: seconds from its first breach to the moment it fired.",
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
            "Messages sent",
            "E-mails and webhook calls by receiver.",
            "alerts/mails_over_time",
            (16, 12, 8, 8),
            label="receiver",
            axis="messages",
            lowest=0,
            bars=True,
            stacked=True,
            calcs=("sum",),
        ),
        table_panel(
            7,
            "Past alerts",
            "Alerts that were resolved. Those that never fired are left out.",
            "alerts/past",
            (0, 20, 24, 10),
            overrides=[
                *alert_columns(),
                field("explanation", custom__hidden=True),
                field("lasted", displayName="Lasted", unit="s", custom__width=100),
                field("taken_up_by", displayName="Taken up by", custom__minWidth=140),
            ],
        ),
        table_panel(
            8,
            "Where alerts come from",
            "Series by the number of alerts they fired. One that leads by far may deserve settings of its own.",
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
            "Messages",
            "The newest messages, by the clock, with why the waiting ones failed.",
            "alerts/mails",
            (10, 30, 14, 9),
            overrides=[
                *time_columns(created_at="Made"),
                field("receiver", displayName="Receiver", custom__width=110),
                field("event", displayName="Event", custom__width=100),
                field(
                    "status",
                    displayName="Status",
                    custom__width=110,
                    custom__cellOptions=_COLORED,
                    mappings=colored({"sent": GOOD, "queued": WARNING}),
                ),
                field("attempts", displayName="Attempts", custom__width=110),
                field("delay", displayName="Delay", unit="s", decimals=1, custom__width=100),
                series_column(),
                field("alerts_told", displayName="Alerts", custom__width=110),
                field("last_error", displayName="Last error", custom__minWidth=160),
            ],
        ),
        table_panel(
            10,
            "Silences",
            "Alerts that match all patterns of a silence in force are not told of; they are still found and kept.",
            "alerts/silences",
            (0, 39, 12, 8),
            overrides=[
                field(
                    "state",
                    displayName="State",
                    custom__width=110,
                    custom__cellOptions=_COLORED,
                    mappings=colored({"in force": WARNING, "planned": EXPECTED, "over": NEUTRAL}),
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
            "Who has taken which alert up, by the clock; the last word counts.",
            "alerts/acknowledgements",
            (12, 39, 12, 8),
            overrides=[
                *time_columns(at="At"),
                field("author", displayName="By", custom__width=110),
                field("note", displayName="Note", custom__minWidth=160),
                series_column(),
                field("state", displayName="State now", custom__width=110),
            ],
        ),
    ]
    return build_dashboard(
        ALERTS,
        "Open and past alerts with their reasons, time to detect, messages sent, silences and acknowledgements.",
        panels,
        variables=[
            query_variable("severity", "Severity", "How urgent.", "variables/severity", multi=True),
            query_variable(
                "kind", "Kind", "What the series counts: a topic, a symbol, a sector, the market, a source.", "variables/kind", multi=True
            ),
        ],
        since="now-7d",
    )

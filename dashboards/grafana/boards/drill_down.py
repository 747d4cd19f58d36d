"""Topic and symbol drill-down: everything about one series."""

from __future__ import annotations

from grafana_foundation_sdk.models.dashboard import Dashboard, Threshold

from squall.dashboards.grafana.components.columns import alert_columns, document_columns, sentiment_totals
from squall.dashboards.grafana.components.dashboard import DRILL_DOWN, annotation, build_dashboard, query_variable
from squall.dashboards.grafana.components.overrides import field, fixed_color, interval_band
from squall.dashboards.grafana.components.palette import EXPECTED, GOOD, NEGATIVE, NEUTRAL, POSITIVE, WARNING
from squall.dashboards.grafana.components.panels import BAR_POINTS, stat_panel, table_panel, time_series_panel


def build() -> Dashboard:
    """Build the dashboard."""
    panels = [
        stat_panel(
            1,
            "$series",
            "Documents of the series; each text counts once. Novelty is the share of first stories: near 0 one story is repeated, near "
            "1 every document is a new story.",
            "drilldown/totals",
            (0, 0, 24, 4),
            overrides=[
                *sentiment_totals(),
                field("novelty", displayName="Novelty", unit="percentunit", decimals=0),
            ],
        ),
        time_series_panel(
            2,
            "Negative documents: observed and expected",
            "Negative documents in the hour before each point. The band holds 90% of such hours, based on the same hours in earlier "
            "weeks. Shaded areas are alerts. For buckets longer than five minutes, the highest reading is shown.",
            "drilldown/band",
            (0, 4, 16, 10),
            lowest=0,
            axis="negative documents",
            overrides=interval_band(),
        ),
        time_series_panel(
            3,
            "Surprise",
            "How unlikely the hour is by chance: 3 means one in a thousand, 6 one in a million. The lines mark these two levels.",
            "drilldown/surprise",
            (16, 4, 8, 10),
            lowest=0,
            axis="−log10 p",
            series="surprise",
            steps=[Threshold(None, "transparent"), Threshold(3, WARNING), Threshold(6, NEGATIVE)],
            overrides=[field("surprise", displayName="−log10 p", color=fixed_color(EXPECTED))],
        ),
        time_series_panel(
            4,
            "Sentiment",
            "Net sentiment, (positive − negative) / all documents, and the share of negative documents with the share that the "
            "detector expects from history.",
            ["drilldown/share", "drilldown/expected_share"],
            (0, 14, 12, 9),
            points_wanted=BAR_POINTS,
            lowest=-1,
            highest=1,
            axis="share",
            overrides=[
                field("net", displayName="net sentiment", color=fixed_color(POSITIVE)),
                field("negative_share", displayName="negative share", color=fixed_color(NEGATIVE)),
                field(
                    "expected_share",
                    displayName="expected negative share",
                    color=fixed_color(EXPECTED),
                    custom__lineStyle={"fill": "dash", "dash": [6, 4]},
                ),
            ],
        ),
        time_series_panel(
            5,
            "Documents by sentiment",
            "Number of documents by sentiment, without copies.",
            "drilldown/volume",
            (12, 14, 12, 9),
            lowest=0,
            axis="documents",
            bars=True,
            stacked=True,
            overrides=[field(name, color=fixed_color(color)) for name, color in _SENTIMENTS],
        ),
        time_series_panel(
            6,
            "Documents by source",
            "The eight largest sources in the time range, and all others combined.",
            "drilldown/sources",
            (0, 23, 12, 9),
            label="name",
            lowest=0,
            axis="documents",
            bars=True,
            stacked=True,
            calcs=("sum",),
        ),
        time_series_panel(
            7,
            "Novelty: first stories and copies",
            "A copy is a text that was already published in the 24 hours before. Many copies and few first stories mean that one story "
            "is spreading; alerts count it once.",
            "drilldown/novelty",
            (12, 23, 12, 9),
            lowest=0,
            axis="documents",
            bars=True,
            stacked=True,
            overrides=[
                field("first_stories", displayName="first stories", color=fixed_color(GOOD)),
                field("copies", displayName="copies", color=fixed_color(NEUTRAL)),
            ],
        ),
        table_panel(
            8,
            "Alerts",
            "Observed count, expected count with its 90% interval, the probability of such a count by chance (p), and the negative "
            "share compared with the expected one.",
            "drilldown/alerts",
            (0, 32, 24, 8),
            overrides=alert_columns(),
        ),
        table_panel(
            9,
            "Documents",
            "The gravest documents of the series, including copies; the latest where no severity is known. Only web addresses become "
            "links.",
            "drilldown/documents",
            (0, 40, 24, 14),
            overrides=document_columns(),
        ),
    ]
    return build_dashboard(
        DRILL_DOWN,
        "One topic or symbol: observed and expected sentiment, volume, sources, novelty, alerts with their explanations, and documents.",
        panels,
        variables=[
            query_variable(
                "series", "Topic or symbol", "A topic, a symbol such as $AAPL, or all topics.", "variables/series", include_all=False
            )
        ],
        annotations=[annotation("Alerts", "drilldown/alert_marks", NEGATIVE)],
    )


_SENTIMENTS = (("negative", NEGATIVE), ("neutral", NEUTRAL), ("positive", POSITIVE))

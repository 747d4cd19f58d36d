"""Market mood: sentiment by topic and over time, and the documents behind it."""

from __future__ import annotations

from grafana_foundation_sdk.models.dashboard import Dashboard, Threshold

from squall.dashboards.grafana.components.columns import gravity_columns, sentiment_totals, series_column, time_columns, web_link
from squall.dashboards.grafana.components.dashboard import ALERTS, MOOD, annotation, build_dashboard, drill_down, query_variable
from squall.dashboards.grafana.components.overrides import (
    RED_FROM_ONE,
    data_link,
    field,
    field_by_label,
    fixed_color,
    interval_band,
    threshold_colors,
)
from squall.dashboards.grafana.components.palette import NEGATIVE, NEUTRAL, POSITIVE, WARNING
from squall.dashboards.grafana.components.panels import BAR_POINTS, stat_panel, status_history_panel, table_panel, time_series_panel

_KINDS = [field_by_label("news", color=fixed_color(POSITIVE)), field_by_label("social", color=fixed_color(WARNING))]


def build() -> Dashboard:
    """Build the dashboard."""
    to_topic = data_link("Open ${__field.labels.topic}", drill_down("${__field.labels.topic:percentencode}"))
    panels = [
        stat_panel(
            1,
            "Summary",
            "Documents published in the time range. Each text counts once; copies within 24 hours are counted separately. Net "
            "sentiment is (positive − negative) / all documents, from −1 to 1.",
            ["mood/totals", "mood/firing"],
            (0, 0, 24, 4),
            overrides=[
                *sentiment_totals(),
                field("copies", displayName="Copies"),
                field(
                    "firing",
                    displayName="Firing alerts",
                    **RED_FROM_ONE,
                    links=[data_link("Open the alerts", f"/d/{ALERTS}?${{__url_time_range}}")],
                ),
            ],
        ),
        status_history_panel(
            2,
            "Net sentiment by topic",
            "Net sentiment of each topic over time. Orange: more negative than positive documents; blue: more positive; grey: "
            "balanced; empty: no documents. Click a cell to open the topic.",
            "mood/heatmap",
            (0, 4, 24, 14),
            label="topic",
            link=to_topic,
        ),
        time_series_panel(
            3,
            "Negative share by topic",
            "Negative documents as a share of all documents of a topic. Points with fewer than three documents are omitted, because "
            "small shares fluctuate; compare the counts in the next panel. Shaded areas are alerts.",
            "mood/negative_share",
            (0, 18, 12, 10),
            points_wanted=24,
            unit="percentunit",
            label="topic",
            axis="negative share",
            lowest=0,
            highest=1,
        ),
        time_series_panel(
            4,
            "Negative documents by topic",
            "Number of negative documents by topic. If it rises for all topics at once, there is usually more news, not worse news.",
            "mood/negative_count",
            (12, 18, 12, 10),
            label="topic",
            axis="documents",
            lowest=0,
            bars=True,
            stacked=True,
            calcs=("sum", "max"),
        ),
        time_series_panel(
            5,
            "Negative documents, all topics: observed and expected",
            "Every five minutes the detector counts the negative documents of the previous hour. The band holds 90% of such hours, "
            "based on the same hours in earlier weeks. For longer buckets, the highest reading is shown.",
            "mood/band_all",
            (0, 28, 12, 9),
            lowest=0,
            axis="negative documents",
            overrides=interval_band(),
        ),
        time_series_panel(
            6,
            "Net sentiment: news and social media",
            "Net sentiment of news articles and of social media posts. Social media often reacts first; news that follows confirms the "
            "story.",
            "mood/news_social",
            (12, 28, 12, 9),
            points_wanted=BAR_POINTS,
            label="kind",
            axis="net sentiment",
            lowest=-1,
            highest=1,
            calcs=("lastNotNull", "mean"),
            overrides=_KINDS,
        ),
        table_panel(
            7,
            "Largest changes in 24 hours",
            "Topics and symbols whose negative share changed most: the last 24 hours of the time range compared with the 24 hours "
            "before. Only those with at least ten documents in both periods.",
            "mood/movers",
            (0, 37, 12, 11),
            overrides=[
                series_column("Topic or symbol"),
                field("negative_share", displayName="Negative share", unit="percentunit", decimals=0, custom__width=145),
                field("share_before", displayName="Previous share", unit="percentunit", decimals=0, custom__width=145),
                field(
                    "change",
                    displayName="Change",
                    unit="percentunit",
                    decimals=0,
                    custom__width=100,
                    custom__cellOptions={"type": "color-text"},
                    **threshold_colors([Threshold(None, POSITIVE), Threshold(-0.02, NEUTRAL), Threshold(0.02, NEGATIVE)]),
                ),
                field("documents", displayName="Documents", custom__width=125),
                field("documents_before", displayName="Previous", custom__width=105),
            ],
        ),
        time_series_panel(
            8,
            "Documents: news and social media",
            "Number of published documents, without copies.",
            "mood/news_social_count",
            (12, 37, 12, 11),
            label="kind",
            axis="documents",
            lowest=0,
            bars=True,
            stacked=True,
            calcs=("sum",),
            overrides=_KINDS,
        ),
        table_panel(
            9,
            "Gravest negative documents",
            "Documents that the model classified as negative, the gravest first, with what happened; the latest first where no severity is "
            "known. Titles are shown unchanged; only web addresses become links.",
            "mood/documents",
            (0, 48, 24, 14),
            overrides=[
                *time_columns(time="Published"),
                series_column("Topic", name="topic", width=200),
                field("source", displayName="Source", custom__width=150),
                *gravity_columns(),
                field("title", displayName="Title", custom__minWidth=300),
                field("symbols", displayName="Symbols", custom__width=110),
                field("p_negative", displayName="Probability", unit="percentunit", decimals=0, custom__width=120),
                field("language", displayName="Language", custom__width=115),
                *web_link(),
            ],
        ),
        time_series_panel(
            11,
            "Documents that are not scored, by language",
            "Documents in languages that the model does not know. They have no topic and no sentiment and count in no other panel. Shown "
            "for the chosen sources, whatever the other filters; copies too.",
            "mood/unscored",
            (0, 62, 24, 7),
            label="name",
            axis="documents",
            lowest=0,
            bars=True,
            stacked=True,
            calcs=("sum",),
        ),
        time_series_panel(
            10,
            "$topic: observed and expected",
            "Observed and expected counts for each selected topic. An alert fires when the count leaves the band by more than chance "
            "explains.",
            "mood/band",
            (0, 69, 8, 8),
            lowest=0,
            axis="negative documents",
            overrides=interval_band(),
            repeat="topic",
        ),
    ]
    return build_dashboard(
        MOOD,
        "Sentiment by topic: net sentiment, negative share, observed and expected counts, news and social media, the largest changes, "
        "and the gravest negative documents.",
        panels,
        variables=[
            query_variable("topic", "Topic", "Topics of the documents.", "variables/topic", multi=True),
            query_variable("source", "Source", "Sources of the documents.", "variables/source", multi=True),
            query_variable("symbol", "Symbol", "Only documents that mention this symbol.", "variables/symbol"),
            query_variable("language", "Language", "Languages of the documents.", "variables/language", multi=True),
        ],
        annotations=[annotation("Alerts", "mood/alerts", NEGATIVE)],
    )

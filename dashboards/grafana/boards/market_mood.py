"""Market mood: where sentiment stands, topic by topic, and what drives it."""

from __future__ import annotations

from grafana_foundation_sdk.models.dashboard import Dashboard, Threshold

from squall.dashboards.grafana.components.columns import series_column, time_columns, web_link
from squall.dashboards.grafana.components.dashboard import ALERTS, MOOD, annotation, build_dashboard, drill_down, query_variable
from squall.dashboards.grafana.components.overrides import data_link, field, field_by_label, fixed_color, interval_band, thresholds
from squall.dashboards.grafana.components.palette import DIVERGING, NEGATIVE, NEUTRAL, POSITIVE, WARNING
from squall.dashboards.grafana.components.panels import BAR_POINTS, stat_panel, status_history_panel, table_panel, time_series_panel

_KINDS = [field_by_label("news", color=fixed_color(POSITIVE)), field_by_label("social", color=fixed_color(WARNING))]


def build() -> Dashboard:
    """Build the dashboard."""
    to_topic = data_link("Open ${__field.labels.topic}", drill_down("${__field.labels.topic:percentencode}"))
    panels = [
        stat_panel(
            1,
            "In this range",
            "Documents published in the chosen time range, each counted once: copies of the same text within a day count apart. Net "
            "sentiment is positive minus negative over all, from −1 to 1.",
            ["mood/totals", "mood/firing"],
            (0, 0, 24, 4),
            overrides=[
                field("documents", displayName="Documents"),
                field("negative_share", displayName="Negative share", unit="percentunit", decimals=1),
                field(
                    "net_sentiment", displayName="Net sentiment", decimals=2, color={"mode": "thresholds"}, thresholds=thresholds(DIVERGING)
                ),
                field("copies", displayName="Copies"),
                field(
                    "firing",
                    displayName="Alerts firing now",
                    color={"mode": "thresholds"},
                    thresholds=thresholds([Threshold(None, "text"), Threshold(1, NEGATIVE)]),
                    links=[data_link("Open the alerts", f"/d/{ALERTS}?${{__url_time_range}}")],
                ),
            ],
        ),
        status_history_panel(
            2,
            "Net sentiment by topic",
            "Each cell is a topic in a slice of time: orange where negative documents outnumber positive ones, blue where it is the "
            "other way round, grey where they balance, empty where nothing was published. Click a cell to open the topic.",
            "mood/heatmap",
            (0, 4, 24, 14),
            label="topic",
            link=to_topic,
        ),
        time_series_panel(
            3,
            "Negative share by topic",
            "Negative documents over all documents of a topic. Shares of quiet topics jump, so points of fewer than three documents are "
            "left out; look at the count beside it before you worry. Shaded: alerts.",
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
            "How many negative documents each topic had. A rise across all topics is usually more news, not worse news.",
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
            "Negative documents of all topics against what is expected",
            "Every five minutes the detector counts the negative documents of the hour before. The band is what 90% of such hours hold, "
            "judged by the same hours of earlier weeks. Where the bucket of the chart is longer, its highest reading is drawn.",
            "mood/band_all",
            (0, 28, 12, 9),
            lowest=0,
            axis="negative documents",
            overrides=interval_band(),
        ),
        time_series_panel(
            6,
            "News against social",
            "Net sentiment of articles and of posts. Social media is often first; when news follows, the story has substance.",
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
            "Biggest movers since yesterday",
            "Topics and symbols whose negative share changed most: the 24 hours that end with the range against the 24 hours before. "
            "Only what had at least ten documents on both days.",
            "mood/movers",
            (0, 37, 12, 11),
            overrides=[
                series_column("Topic or symbol"),
                field("negative_share", displayName="Negative share", unit="percentunit", decimals=0, custom__width=145),
                field("share_before", displayName="Day before", unit="percentunit", decimals=0, custom__width=120),
                field(
                    "change",
                    displayName="Change",
                    unit="percentunit",
                    decimals=0,
                    custom__width=100,
                    custom__cellOptions={"type": "color-text"},
                    color={"mode": "thresholds"},
                    thresholds=thresholds([Threshold(None, POSITIVE), Threshold(-0.02, NEUTRAL), Threshold(0.02, NEGATIVE)]),
                ),
                field("documents", displayName="Documents", custom__width=125),
                field("documents_before", displayName="Before", custom__width=95),
            ],
        ),
        time_series_panel(
            8,
            "Documents, news and social",
            "How much was published; copies left out.",
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
            "Latest negative documents",
            "The newest documents the model called negative, with how sure it is. Titles are shown as they came; only web addresses "
            "become links.",
            "mood/documents",
            (0, 48, 24, 14),
            overrides=[
                *time_columns(time="Published"),
                series_column("Topic", name="topic", width=200),
                field("source", displayName="Source", custom__width=150),
                field("title", displayName="Title", custom__minWidth=300),
                field("symbols", displayName="Symbols", custom__width=110),
                field("p_negative", displayName="Negative", unit="percentunit", decimals=0, custom__width=110),
                field("language", displayName="Language", custom__width=115),
                *web_link(),
            ],
        ),
        time_series_panel(
            10,
            "$topic: negative documents against what is expected",
            "The same for each chosen topic. An alert fires when the count leaves the band by far more than chance explains.",
            "mood/band",
            (0, 62, 8, 8),
            lowest=0,
            axis="negative documents",
            overrides=interval_band(),
            repeat="topic",
        ),
    ]
    return build_dashboard(
        MOOD,
        "Where the market's sentiment stands, topic by topic: net sentiment, negative share and counts against what the detector "
        "expects, news against social media, movers and the latest negative documents.",
        panels,
        variables=[
            query_variable("topic", "Topic", "What the documents are about.", "variables/topic", multi=True),
            query_variable("source", "Source", "Where the documents come from.", "variables/source", multi=True),
            query_variable("symbol", "Symbol", "Only documents that name this symbol.", "variables/symbol"),
            query_variable("language", "Language", "Language of the documents.", "variables/language", multi=True),
        ],
        annotations=[annotation("Alerts", "mood/alerts", NEGATIVE)],
    )

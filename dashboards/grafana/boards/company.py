"""Companies and other names: which are worst off, and everything about one of them."""

from __future__ import annotations

from grafana_foundation_sdk.models.dashboard import Dashboard, Threshold

from squall.dashboards.grafana.components.columns import document_columns, entity_column, sentiment_totals
from squall.dashboards.grafana.components.dashboard import COMPANY, build_dashboard, query_variable
from squall.dashboards.grafana.components.overrides import field, fixed_color, interval_band, threshold_colors
from squall.dashboards.grafana.components.palette import DIVERGING, NEGATIVE, NEUTRAL, POSITIVE
from squall.dashboards.grafana.components.panels import BAR_POINTS, stat_panel, table_panel, time_series_panel

_SENTIMENTS = (("negative", NEGATIVE), ("neutral", NEUTRAL), ("positive", POSITIVE))


def build() -> Dashboard:
    """Build the dashboard."""
    panels = [
        table_panel(
            1,
            "Most negative",
            "The names with the most documents that are negative towards them. Deviations compare negative documents with the time "
            "range of equal length before, in standard deviations. Click a name to show it below.",
            "entity/most_negative",
            (0, 0, 24, 9),
            overrides=[
                entity_column(),
                field("entity", displayName="Id", custom__width=220),
                field("kind", displayName="Kind", custom__width=120),
                field("documents", displayName="Documents", custom__width=110),
                field("negative", displayName="Negative", custom__width=100),
                field("negative_share", displayName="Negative share", unit="percentunit", decimals=0, custom__width=145),
                field("score", displayName="Tone", decimals=2, custom__width=90, **threshold_colors(DIVERGING)),
                field("negative_before", displayName="Negative before", custom__width=150),
                field(
                    "deviations",
                    displayName="Deviations",
                    decimals=1,
                    custom__width=120,
                    custom__cellOptions={"type": "color-text"},
                    **threshold_colors([Threshold(None, "text"), Threshold(3, NEGATIVE)]),
                ),
            ],
        ),
        stat_panel(
            2,
            "${entity:text}",
            "Documents that name it; each text counts once. Net sentiment and negative share are of the tone towards it, relevance is "
            "how much the documents are about it, from 0 to 1.",
            "entity/totals",
            (0, 9, 24, 4),
            overrides=[
                *sentiment_totals(),
                field("relevance", displayName="Relevance", decimals=2),
                field("copies", displayName="Copies"),
            ],
        ),
        time_series_panel(
            3,
            "Negative documents per hour, and what is usual",
            "Documents that are negative towards it. The band holds 90% of the same hours in the 28 days before, weekdays and weekends "
            "apart; there is none until a week is counted.",
            "entity/band",
            (0, 13, 16, 10),
            lowest=0,
            axis="negative documents",
            overrides=interval_band(),
        ),
        time_series_panel(
            4,
            "Tone",
            "Mean of p(positive) − p(negative) towards it, and the share of negative documents.",
            "entity/tone",
            (16, 13, 8, 10),
            points_wanted=BAR_POINTS,
            lowest=-1,
            highest=1,
            axis="tone",
            overrides=[
                field("tone", color=fixed_color(POSITIVE)),
                field("negative_share", displayName="negative share", color=fixed_color(NEGATIVE)),
            ],
        ),
        time_series_panel(
            5,
            "Documents by tone",
            "Number of documents by the tone towards it, without copies.",
            "entity/volume",
            (0, 23, 24, 8),
            lowest=0,
            axis="documents",
            bars=True,
            stacked=True,
            overrides=[field(name, color=fixed_color(color)) for name, color in _SENTIMENTS],
        ),
        table_panel(
            6,
            "Documents",
            "The latest 140 documents that name it, including copies, gravest first. Sentiment, score and severity are those towards it. "
            "Only web addresses become links.",
            "entity/documents",
            (0, 31, 24, 14),
            overrides=[*document_columns(), field("relevance", displayName="Relevance", decimals=2, custom__width=105)],
        ),
    ]
    return build_dashboard(
        COMPANY,
        "One company or other name, with or without a ticker: tone, negative documents with what is usual, volume and documents.",
        panels,
        variables=[
            query_variable(
                "entity",
                "Company or name",
                "The names that documents of the time range are about, most documents first.",
                "variables/entity",
                include_all=False,
            )
        ],
    )

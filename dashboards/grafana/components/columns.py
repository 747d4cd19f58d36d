"""Columns that the tables of several dashboards share: of alerts and of documents."""

from __future__ import annotations

from grafana_foundation_sdk.models.dashboard import Threshold

from squall.dashboards.grafana.components.dashboard import company_page, drill_down
from squall.dashboards.grafana.components.overrides import Override, data_link, field, threshold_colors
from squall.dashboards.grafana.components.palette import DIVERGING, NEGATIVE, NEUTRAL, POSITIVE, WARNING

_TEXT_COLOR = {"type": "color-text"}


def value_colors(colors: dict[str, str]) -> list[dict[str, object]]:
    """Return the value of a `mappings` property that colours values."""
    options = {value: {"color": color, "index": place} for place, (value, color) in enumerate(colors.items())}
    return [{"type": "value", "options": options}]


def time_columns(**names: str) -> list[Override]:
    """Show columns as dates; the values are the headings."""
    return [field(name, displayName=heading, unit="dateTimeAsIso", custom__width=170) for name, heading in names.items()]


def series_column(heading: str = "Series", *, name: str = "series", width: int | None = None) -> Override:
    """Link a column of series names to their drill-down; without a width it takes the remaining space."""
    link = data_link("Open ${__value.text}", drill_down("${__value.raw:percentencode}"))
    sized = {"custom__width": width} if width else {"custom__minWidth": 170}
    return field(name, displayName=heading, links=[link], **sized)


def entity_column() -> Override:
    """Link the column of names to their dashboard; the column `entity` beside it holds the id."""
    link = data_link("Open ${__value.text}", company_page("${__data.fields.entity:percentencode}"))
    return field("name", displayName="Name", links=[link], custom__minWidth=200)


def web_link() -> list[Override]:
    """Show the host in `link`, which links to the hidden `url`; both are empty unless the URL is http or https."""
    link = data_link("Open", "${__data.fields.url:raw}", new_tab=True)
    return [field("link", displayName="Link", custom__width=190, links=[link]), field("url", custom__hidden=True)]


def severity_column() -> Override:
    """Colour severities."""
    return field(
        "severity",
        displayName="Severity",
        custom__width=110,
        custom__cellOptions=_TEXT_COLOR,
        mappings=value_colors({"critical": NEGATIVE, "warning": WARNING}),
    )


def alert_columns() -> list[Override]:
    """Columns of `parts/alert_columns.sql`, with the times."""
    return [
        *time_columns(opened_at="First breach", fired_at="Fired", resolved_at="Resolved"),
        severity_column(),
        series_column(),
        field("driven_by", displayName="Driven by", custom__width=190),
        field("what_happened", displayName="What happened", custom__width=190),
        field("gravest", displayName="Gravest, 0 to 1", decimals=2, custom__width=125),
        field("explanation", displayName="Explanation", custom__minWidth=420, custom__cellOptions={"type": "auto", "wrapText": True}),
        field("observed", displayName="Observed", custom__width=115),
        field("expected", displayName="Expected", decimals=1, custom__width=115),
        field("interval_90", displayName="90% interval", custom__width=130),
        field("negative_share", displayName="Negative share", unit="percentunit", decimals=0, custom__width=145),
        field("expected_share", displayName="Expected share", unit="percentunit", decimals=0, custom__width=150),
        field("p_value", displayName="p", unit="sci", decimals=1, custom__width=90),
        field("test_window", displayName="Test", custom__width=130),
    ]


def peak_columns() -> list[Override]:
    """How high the count of an alert has been, and when."""
    return [field("peak", displayName="Peak", custom__width=80), *time_columns(peaked_at="Peaked")]


def document_columns() -> list[Override]:
    """Columns of `drilldown/documents.sql`."""
    sentiments = value_colors({"negative": NEGATIVE, "neutral": NEUTRAL, "positive": POSITIVE})
    return [
        *time_columns(time="Published"),
        field("sentiment", displayName="Sentiment", custom__width=120, custom__cellOptions=_TEXT_COLOR, mappings=sentiments),
        field(
            "score",
            displayName="Score",
            decimals=2,
            custom__width=80,
            custom__cellOptions=_TEXT_COLOR,
            **threshold_colors([Threshold(None, NEGATIVE), Threshold(-0.1, "text"), Threshold(0.1, DIVERGING[-1].color)]),
        ),
        *gravity_columns(),
        field("title", displayName="Title", custom__minWidth=320),
        series_column("Topic", name="topic", width=200),
        field("source", displayName="Source", custom__width=150),
        field("kind", displayName="Kind", custom__width=80),
        field("symbols", displayName="Symbols", custom__width=110),
        *web_link(),
    ]


def gravity_columns() -> list[Override]:
    """How grave what happened is, as a word and as a number, and what it was."""
    colors = value_colors({"ruin": NEGATIVE, "grave": NEGATIVE, "serious": WARNING})
    return [
        field("severity_word", displayName="Severity", custom__width=130, custom__cellOptions=_TEXT_COLOR, mappings=colors),
        field("severity", displayName="0 to 1", decimals=2, custom__width=70),
        field("events", displayName="What happened", custom__width=190),
    ]


def sentiment_totals() -> list[Override]:
    """Columns of `mood/totals.sql` and `drilldown/totals.sql` that both have."""
    return [
        field("documents", displayName="Documents"),
        field("negative_share", displayName="Negative share", unit="percentunit", decimals=1),
        field("net_sentiment", displayName="Net sentiment", decimals=2, **threshold_colors(DIVERGING)),
    ]

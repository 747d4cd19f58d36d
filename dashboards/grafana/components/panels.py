"""What the dashboards are put together from: panels, overrides, links, variables and annotations in our defaults.

Colours are of the Okabe–Ito palette, which people with any kind of colour blindness can tell apart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from grafana_foundation_sdk.models import common, dashboard, stat, statushistory, table, timeseries
from grafana_foundation_sdk.models.dashboard import DynamicConfigValue, FieldColor, FieldColorModeId, FieldConfig, Panel, Threshold

from squall.dashboards.grafana.datasource import TABLE, TIME_SERIES, Query, datasource
from squall.storage.panels import panel_sql

NEGATIVE, NEUTRAL, POSITIVE = "#D55E00", "#999999", "#0072B2"
OBSERVED, EXPECTED, WARNING, GOOD = "#D55E00", "#56B4E9", "#E69F00", "#009E73"
DIVERGING = (
    Threshold(None, "#E05A00"),
    Threshold(-0.6, "#CC7A3D"),
    Threshold(-0.3, "#A8876E"),
    Threshold(-0.1, "#6F6F6F"),
    Threshold(0.1, "#6E8CA3"),
    Threshold(0.3, "#3F8FC4"),
    Threshold(0.6, "#0090E6"),
)
"""Colours of net sentiment from −1 to 1: the further from 0, the fuller, on dark and on light."""
BAR_POINTS, LINE_POINTS = 96, 300
"""How many buckets a chart asks for: more bars than these are hair, more points are noise."""

At = tuple[int, int, int, int]
"""Column, row, width, height on the grid of 24 columns."""
Override = dashboard.DashboardFieldConfigSourceOverrides


def field(name: str, **properties: object) -> Override:
    """Set properties of one column or series by its name, for example `field("share", unit="percentunit", custom__width=90)`."""
    values = [DynamicConfigValue(id_val=key.replace("__", "."), value=value) for key, value in properties.items()]
    return Override(matcher=dashboard.MatcherConfig(id_val="byName", options=name), properties=values)


def labelled(name: str, **properties: object) -> Override:
    """Set properties of the series whose label is `name`; Grafana may put the column's name before it."""
    values = field(name, **properties).properties
    return Override(matcher=dashboard.MatcherConfig(id_val="byRegexp", options=f"/(^|\\s){name}$/"), properties=values)


def fixed(color: str) -> dict[str, str]:
    """Return the value of a `color` property."""
    return {"mode": "fixed", "fixedColor": color}


def data_link(title: str, url: str, *, new_tab: bool = False) -> dict[str, object]:
    """Return a link of a column, for a `links` property."""
    return {"title": title, "url": url, "targetBlank": new_tab}


def thresholds(steps: Sequence[Threshold]) -> dict[str, object]:
    """Return the value of a `thresholds` property."""
    return {"mode": "absolute", "steps": [step.to_json() for step in steps]}


def band() -> list[Override]:
    """Draw `observed`, `expected` and the 90% interval between `low` and `high` as one picture."""
    low, high = "90% interval, low end", "90% interval, high end"
    thin = {"legend": True, "tooltip": False, "viz": False}
    return [
        field("observed", color=fixed(OBSERVED), custom__lineWidth=2),
        field("expected", color=fixed(EXPECTED), custom__lineStyle={"fill": "dash", "dash": [6, 4]}),
        field("low", displayName=low, color=fixed(EXPECTED), custom__lineWidth=0, custom__hideFrom=thin),
        field(
            "high",
            displayName=high,
            color=fixed(EXPECTED),
            custom__lineWidth=0,
            custom__fillBelowTo=low,
            custom__fillOpacity=18,
            custom__hideFrom=thin,
        ),
    ]


def _panel(
    kind: str,
    number: int,
    title: str,
    description: str,
    queries: Mapping[str, int],
    at: At,
    options: object,
    defaults: FieldConfig,
    overrides: Sequence[Override],
) -> Panel:
    x, y, width, height = at
    targets = [Query(panel_sql(name), form, chr(ord("A") + place)) for place, (name, form) in enumerate(queries.items())]
    return Panel(
        type_val=kind,
        id_val=number,
        title=title,
        description=description,
        datasource=datasource(),
        grid_pos=dashboard.GridPos(h=height, w=width, x=x, y=y),
        targets=list(targets),
        options=options,
        field_config=dashboard.FieldConfigSource(defaults=defaults, overrides=list(overrides)),
    )


def line_chart(
    number: int,
    title: str,
    description: str,
    queries: str | Sequence[str],
    at: At,
    *,
    unit: str = "short",
    label: str = "",
    series: str = "",
    axis: str = "",
    lowest: float | None = None,
    highest: float | None = None,
    bars: bool = False,
    stacked: bool = False,
    points: bool = False,
    calcs: Sequence[str] = ("lastNotNull", "max"),
    overrides: Sequence[Override] = (),
    steps: Sequence[Threshold] = (),
    points_wanted: int = 0,
    repeat: str = "",
) -> Panel:
    """A chart over time.

    Args:
        label: column of text that names the series of a query; empty: the columns of numbers are the series.
        series: what to call the only series.
        steps: thresholds, drawn as lines.
        points_wanted: buckets over the range; 0: as many as suit lines or bars.
        repeat: a variable: one chart for each of its values, three in a row.
    """
    style = common.GraphDrawStyle.BARS if bars else common.GraphDrawStyle.POINTS if points else common.GraphDrawStyle.LINE
    custom = timeseries.FieldConfig(
        draw_style=style,
        line_width=1,
        fill_opacity=70 if bars else 0,
        point_size=7 if points else 4,
        show_points=common.VisibilityMode.ALWAYS if points else common.VisibilityMode.NEVER if bars else common.VisibilityMode.AUTO,
        axis_label=axis,
        stacking=common.StackingConfig(mode=common.StackingMode.NORMAL, group="A") if stacked else None,
        span_nulls=False,
        thresholds_style=common.GraphThresholdsStyleConfig(mode=common.GraphThresholdsStyleMode.LINE) if steps else None,
    )
    defaults = FieldConfig(
        unit=unit,
        min_val=lowest,
        max_val=highest,
        custom=custom,
        display_name=f"${{__field.labels.{label}}}" if label else series or None,
        color=FieldColor(mode=FieldColorModeId.PALETTE_CLASSIC_BY_NAME if label else FieldColorModeId.PALETTE_CLASSIC),
        thresholds=dashboard.ThresholdsConfig(mode=dashboard.ThresholdsMode.ABSOLUTE, steps=list(steps)) if steps else None,
    )
    legend = common.VizLegendOptions(
        show_legend=True,
        calcs=list(calcs) if label else [],
        display_mode=common.LegendDisplayMode.TABLE if label else common.LegendDisplayMode.LIST,
        placement=common.LegendPlacement.RIGHT if label and at[2] >= 12 else common.LegendPlacement.BOTTOM,
        sort_by="Max" if label and calcs else None,
        sort_desc=True if label and calcs else None,
    )
    tooltip = common.VizTooltipOptions(mode=common.TooltipDisplayMode.MULTI, sort=common.SortOrder.DESCENDING)
    names = [queries] if isinstance(queries, str) else queries
    panel = _panel(
        "timeseries",
        number,
        title,
        description,
        dict.fromkeys(names, TIME_SERIES),
        at,
        timeseries.Options(legend=legend, tooltip=tooltip),
        defaults,
        overrides,
    )
    panel.max_data_points = points_wanted or (BAR_POINTS if bars else LINE_POINTS)
    if repeat:
        panel.repeat, panel.max_per_row = repeat, 3
    return panel


def heatmap(number: int, title: str, description: str, query: str, at: At, *, label: str, link: Mapping[str, object]) -> Panel:
    """Cells of series × time, coloured from −1 to 1."""
    defaults = FieldConfig(
        unit="short",
        decimals=2,
        min_val=-1,
        max_val=1,
        display_name=f"${{__field.labels.{label}}}",
        color=FieldColor(mode=FieldColorModeId.THRESHOLDS),
        thresholds=dashboard.ThresholdsConfig(mode=dashboard.ThresholdsMode.ABSOLUTE, steps=list(DIVERGING)),
        custom=statushistory.FieldConfig(line_width=0, fill_opacity=95),
    )
    options = statushistory.Options(
        row_height=0.95,
        col_width=0.98,
        show_value=common.VisibilityMode.NEVER,
        per_page=25,
        legend=common.VizLegendOptions(show_legend=True, display_mode=common.LegendDisplayMode.LIST),
        tooltip=common.VizTooltipOptions(mode=common.TooltipDisplayMode.SINGLE),
    )
    linked = Override(
        matcher=dashboard.MatcherConfig(id_val="byType", options="number"),
        properties=[DynamicConfigValue(id_val="links", value=[dict(link)])],
    )
    return _panel("status-history", number, title, description, {query: TIME_SERIES}, at, options, defaults, [linked])


def numbers(
    number: int,
    title: str,
    description: str,
    queries: str | Sequence[str],
    at: At,
    *,
    unit: str = "short",
    overrides: Sequence[Override] = (),
) -> Panel:
    """One big number for each column of the queries, which answer with one row."""
    defaults = FieldConfig(
        unit=unit,
        color=FieldColor(mode=FieldColorModeId.FIXED, fixed_color="text"),
        no_value="–",
        thresholds=dashboard.ThresholdsConfig(mode=dashboard.ThresholdsMode.ABSOLUTE, steps=[Threshold(None, "text")]),
    )
    options = stat.Options(
        graph_mode=common.BigValueGraphMode.NONE,
        color_mode=common.BigValueColorMode.VALUE,
        text_mode=common.BigValueTextMode.VALUE_AND_NAME,
        reduce_options=common.ReduceDataOptions(calcs=["lastNotNull"], fields="/.*/"),
    )
    names = [queries] if isinstance(queries, str) else queries
    return _panel("stat", number, title, description, dict.fromkeys(names, TABLE), at, options, defaults, overrides)


def listing(number: int, title: str, description: str, query: str, at: At, *, overrides: Sequence[Override] = ()) -> Panel:
    """A table."""
    defaults = FieldConfig(
        custom=common.TableFieldOptions(filterable=True),
        no_value="",
        color=FieldColor(mode=FieldColorModeId.THRESHOLDS),
        thresholds=dashboard.ThresholdsConfig(mode=dashboard.ThresholdsMode.ABSOLUTE, steps=[Threshold(None, "text")]),
    )
    return _panel("table", number, title, description, {query: TABLE}, at, table.Options(), defaults, overrides)

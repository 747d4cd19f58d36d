"""The kinds of panels that the dashboards use, with our defaults: time series, status history (heatmap), stat and table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from grafana_foundation_sdk.models import common, dashboard, stat, statushistory, table, timeseries
from grafana_foundation_sdk.models.dashboard import DynamicConfigValue, FieldColor, FieldColorModeId, FieldConfig, Panel, Threshold

from squall.dashboards.grafana.clickhouse_query import TABLE, TIME_SERIES, Query, datasource
from squall.dashboards.grafana.components.overrides import Override
from squall.dashboards.grafana.components.palette import DIVERGING
from squall.storage.panels import panel_sql

BAR_POINTS, LINE_POINTS = 96, 300
"""How many buckets a chart requests: more bars are too thin to see, more points are noise."""

GridPosition = tuple[int, int, int, int]
"""Column, row, width, height on the grid of 24 columns."""


def _panel(
    kind: str,
    number: int,
    title: str,
    description: str,
    queries: Mapping[str, int],
    at: GridPosition,
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


def time_series_panel(
    number: int,
    title: str,
    description: str,
    queries: str | Sequence[str],
    at: GridPosition,
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
        label: the text column that names the series of a query; empty: every numeric column is a series.
        series: the name of the only series.
        steps: thresholds, drawn as lines.
        points_wanted: number of buckets over the time range; 0: the default for lines or bars.
        repeat: a variable; one chart is drawn for each of its values, three in a row.
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


def status_history_panel(
    number: int, title: str, description: str, query: str, at: GridPosition, *, label: str, link: Mapping[str, object]
) -> Panel:
    """Cells of series by time, coloured from −1 to 1: Grafana's status history, used as a heatmap."""
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


def stat_panel(
    number: int,
    title: str,
    description: str,
    queries: str | Sequence[str],
    at: GridPosition,
    *,
    unit: str = "short",
    overrides: Sequence[Override] = (),
) -> Panel:
    """One number for each column of the queries, which return one row."""
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


def table_panel(number: int, title: str, description: str, query: str, at: GridPosition, *, overrides: Sequence[Override] = ()) -> Panel:
    """A table."""
    defaults = FieldConfig(
        custom=common.TableFieldOptions(filterable=True),
        no_value="",
        color=FieldColor(mode=FieldColorModeId.THRESHOLDS),
        thresholds=dashboard.ThresholdsConfig(mode=dashboard.ThresholdsMode.ABSOLUTE, steps=[Threshold(None, "text")]),
    )
    return _panel("table", number, title, description, {query: TABLE}, at, table.Options(), defaults, overrides)

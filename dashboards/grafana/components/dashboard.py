"""A dashboard around its panels: variables, annotations and links to the other dashboards."""

from __future__ import annotations

from collections.abc import Sequence

from grafana_foundation_sdk.models import dashboard
from grafana_foundation_sdk.models.dashboard import (
    AnnotationQuery,
    Dashboard,
    DashboardLink,
    Panel,
    VariableModel,
    VariableOption,
    VariableRefresh,
    VariableType,
)

from squall.dashboards.grafana.clickhouse_query import TABLE, Query, datasource
from squall.storage.panels import panel_sql

MOOD, DRILL_DOWN, COMPANY, ALERTS = "squall-mood", "squall-drilldown", "squall-company", "squall-alerts"
PIPELINE, BACKTEST = "squall-pipeline", "squall-backtest"
TITLES = {
    MOOD: "Squall – market mood",
    DRILL_DOWN: "Squall – topic and symbol",
    COMPANY: "Squall – company",
    ALERTS: "Squall – alerts",
    PIPELINE: "Squall – pipeline health",
    BACKTEST: "Squall – backtest",
}
ALL = "$__all"
"""The value of a variable when `All` is selected."""


def drill_down(series: str) -> str:
    """Return the URL of the drill-down, which keeps the time range; Grafana fills in `series`."""
    return f"/d/{DRILL_DOWN}?var-series={series}&${{__url_time_range}}"


def company_page(entity: str) -> str:
    """Return the URL of the dashboard of one company or other name; as `drill_down`."""
    return f"/d/{COMPANY}?var-entity={entity}&${{__url_time_range}}"


def query_variable(name: str, label: str, description: str, query: str, *, multi: bool = False, include_all: bool = True) -> VariableModel:
    """A variable whose options come from a query; with `include_all`, `All` is offered and selected.

    The first column of the query is the value; the optional second column is the label.
    """
    text, value = ("All", ALL) if include_all else ("", "")
    sql = panel_sql(query)
    return VariableModel(
        type_val=VariableType.QUERY,
        name=name,
        label=label,
        description=description,
        datasource=datasource(),
        query=dict(Query(sql, TABLE, "A").to_json()),
        definition=sql,
        refresh=VariableRefresh.ON_TIME_RANGE_CHANGED,
        multi=multi,
        include_all=include_all,
        current=VariableOption(text=[text], value=[value]) if multi and include_all else VariableOption(text=text, value=value),
    )


def annotation(name: str, query: str, color: str) -> AnnotationQuery:
    """Annotations on every chart, from a query with the columns `time`, `timeEnd`, `text` and `tags`."""
    return AnnotationQuery(
        name=name, datasource=datasource(), enable=True, hide=False, icon_color=color, target=Query(panel_sql(query), TABLE, "Anno")
    )


def build_dashboard(
    uid: str,
    description: str,
    panels: Sequence[Panel],
    *,
    variables: Sequence[VariableModel] = (),
    annotations: Sequence[AnnotationQuery] = (),
    since: str = "now-24h",
    refresh: str = "1m",
) -> Dashboard:
    """Build a dashboard; its links to the other dashboards keep the time range."""
    links = [
        DashboardLink(title=title.removeprefix("Squall – ").capitalize(), url=f"/d/{other}", icon="dashboard", keep_time=other != BACKTEST)
        for other, title in TITLES.items()
        if other != uid
    ]
    return Dashboard(
        uid=uid,
        title=TITLES[uid],
        description=description,
        tags=["squall"],
        timezone="utc",
        graph_tooltip=dashboard.DashboardCursorSync.CROSSHAIR,
        time=dashboard.DashboardDashboardTime(from_val=since, to="now"),
        refresh=refresh,
        panels=list(panels),
        templating=dashboard.DashboardDashboardTemplating(list_val=list(variables)),
        annotations=dashboard.AnnotationContainer(list_val=list(annotations)),
        links=links,
        version=1,
    )

"""`squall dashboards check`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from squall.cli.options import AsJson, settings_of
from squall.cli.output import echo, print_json
from squall.core.clock import SystemClock
from squall.core.config.settings import Settings
from squall.core.errors import ConfigurationError

if TYPE_CHECKING:
    from squall.dashboards.grafana.check import Finding, QueryRun

SLOW_SECONDS = 0.2


def check(
    context: typer.Context,
    folder: Annotated[
        Path | None, typer.Option("--from", metavar="FOLDER", help="Check this folder; default: the folder that ships with Squall.")
    ] = None,
    queries: Annotated[bool, typer.Option("--queries", help="Also run every query on the configured store.")] = False,
    as_json: AsJson = False,
) -> None:
    """Check the JSON of the dashboards.

    No Grafana server is needed. With --queries, every query runs on your store and is measured; queries slower than 0.2 s are marked, but
    are not failures. Exit 1 when there is a finding or a query fails.

    \b
    Examples:
      squall dashboards check
      squall dashboards check --queries --json
      SQUALL_STORE__URL=clickhouse://grafana:…@host:9000/squall squall dashboards check --queries
    """
    from squall.dashboards.grafana.build import FOLDER
    from squall.dashboards.grafana.check import check_static

    place = folder or FOLDER
    if not place.is_dir():
        raise ConfigurationError(f"{place} is not a folder", "write the dashboards with `squall dashboards build`")
    findings = check_static(place)
    runs = _run_queries(settings_of(context)) if queries else []
    if as_json:
        rows = [{name: value for name, value in asdict(run).items() if name != "sql" or run.error} for run in runs]
        print_json({"findings": [asdict(finding) for finding in findings], "queries": rows})
    else:
        _print(findings, runs)
    if findings or any(run.error for run in runs):
        raise typer.Exit(1)


def _run_queries(settings: Settings) -> list[QueryRun]:
    from squall.app.store import open_existing
    from squall.dashboards.grafana.build import build_all
    from squall.dashboards.grafana.check import run_queries

    with open_existing(settings) as store:
        return run_queries(store, build_all(), None, None, SystemClock().now())


def _print(findings: list[Finding], runs: list[QueryRun]) -> None:
    for finding in findings:
        echo(f"{finding.file}: {finding.where + ': ' if finding.where else ''}{finding.problem}")
    for run in runs:
        mark = "slow" if run.seconds > SLOW_SECONDS else ""
        echo(f"{run.seconds * 1000:7.0f} ms  {run.rows:7} rows  {mark:4}  {run.dashboard:18} {run.name}")
        if run.error:
            echo(f"    failed: {run.error}")
    failed = sum(bool(run.error) for run in runs)
    measured = f"; {len(runs)} queries, {failed} failed" if runs else ""
    echo(f"{len(findings)} findings{measured}")

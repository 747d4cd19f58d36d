"""`squall dashboards`: Grafana's dashboards, built, checked, and brought into a Grafana."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import orjson
import typer

from squall.cli import dashboards_push as cli_dashboards_push
from squall.core.clock import SystemClock
from squall.core.config.loading import load_settings
from squall.core.errors import ConfigurationError

if TYPE_CHECKING:
    from squall.dashboards.grafana.check import Finding, QueryRun

SLOW_SECONDS = 0.2

app = typer.Typer(help="Grafana dashboards: build the files, check them, push them into a Grafana.", no_args_is_help=True)
app.command("push")(cli_dashboards_push.push)


@app.command()
def build(
    out: Annotated[Path | None, typer.Option(metavar="FOLDER", help="Where to; default: the folder that ships with Squall.")] = None,
) -> None:
    """Write the dashboards as JSON files, for Grafana's file provisioning or an import by hand.

    \b
    Examples:
      squall dashboards build
      squall dashboards build --out /var/lib/grafana/dashboards/squall
    """
    from squall.dashboards.grafana.build import FOLDER, write

    folder = out or FOLDER
    try:
        paths = write(folder)
    except OSError as error:
        raise ConfigurationError(f"cannot write to {folder}: {error.strerror}", "name a folder that can be written: --out FOLDER") from None
    for path in paths:
        typer.echo(f"wrote {path}")


@app.command()
def check(
    folder: Annotated[Path | None, typer.Option("--from", metavar="FOLDER", help="Check this folder; default: Squall's own.")] = None,
    queries: Annotated[bool, typer.Option("--queries", help="Also run every query on the store of the settings.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Check the dashboards' JSON without a Grafana; with --queries run what they ask on your store, and see how long each takes.

    Exit 1 when something is wrong or a query fails. Queries slower than 0.2 s are marked, and no failure.

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
    runs = _run_queries() if queries else []
    if as_json:
        rows = [{name: value for name, value in asdict(run).items() if name != "sql" or run.error} for run in runs]
        typer.echo(orjson.dumps({"findings": [asdict(finding) for finding in findings], "queries": rows}))
    else:
        _print(findings, runs)
    if findings or any(run.error for run in runs):
        raise typer.Exit(1)


def _run_queries() -> list[QueryRun]:
    from squall.app.store import open_existing
    from squall.dashboards.grafana.build import build_all
    from squall.dashboards.grafana.check import run_queries

    with open_existing(load_settings()) as store:
        return run_queries(store, build_all(), None, None, SystemClock().now())


def _print(findings: list[Finding], runs: list[QueryRun]) -> None:
    for finding in findings:
        typer.echo(f"{finding.file}: {finding.where + ': ' if finding.where else ''}{finding.problem}")
    for run in runs:
        mark = "slow" if run.seconds > SLOW_SECONDS else ""
        typer.echo(f"{run.seconds * 1000:7.0f} ms  {run.rows:7} rows  {mark:4}  {run.dashboard:18} {run.name}")
        if run.error:
            typer.echo(f"    failed: {run.error}")
    failed = sum(bool(run.error) for run in runs)
    asked = f"; {len(runs)} queries, {failed} failed" if runs else ""
    typer.echo(f"{len(findings)} findings{asked}" if findings or runs else "nothing wrong")

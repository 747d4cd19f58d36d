"""`squall dashboards push`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import orjson
import typer
from pydantic import SecretStr

from squall.cli.options import AsJson, DryRun
from squall.cli.output import echo, print_json
from squall.core.config.files.regular import MOST_SETTINGS_BYTES, read_regular_file
from squall.core.errors import ConfigurationError

if TYPE_CHECKING:
    from squall.dashboards.grafana.push import Change, DataSource

PASSWORD_VARIABLE = "SQUALL_GRAFANA_CLICKHOUSE_PASSWORD"  # noqa: S105 - the variable's name

_PAST = {"create": "created", "update": "updated", "move": "moved"}


def push(
    context: typer.Context,
    url: Annotated[str, typer.Option(help="Grafana's address, with its subpath if it has one.", envvar="SQUALL_GRAFANA_URL")],
    token: Annotated[
        str,
        typer.Option(
            help="Token of a service account. Set the variable instead: other users of this machine can read arguments.",
            envvar="SQUALL_GRAFANA_TOKEN",
            show_default=False,
        ),
    ] = "",
    source_folder: Annotated[
        Path | None,
        typer.Option(
            "--from", metavar="FOLDER", help="Push the .json files of this folder; default: the dashboards that ship with Squall."
        ),
    ] = None,
    folder: Annotated[str, typer.Option(metavar="UID", help="Grafana folder, by uid; created if it does not exist.")] = "squall",
    folder_title: Annotated[str, typer.Option(help="Title of the folder when it is created.")] = "Squall",
    dry_run: DryRun = False,
    move: Annotated[bool, typer.Option("--move", help="Move dashboards that are in another folder.")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace dashboards that were edited in Grafana.")] = False,
    with_datasource: Annotated[bool, typer.Option("--with-datasource", help="Also create or update the ClickHouse data source.")] = False,
    datasource_host: Annotated[
        str, typer.Option(help="ClickHouse host, as Grafana reaches it.", envvar="SQUALL_GRAFANA_CLICKHOUSE_HOST")
    ] = "",
    datasource_port: Annotated[
        int, typer.Option(min=1, max=65535, envvar="SQUALL_GRAFANA_CLICKHOUSE_PORT", help="native: 9000, TLS 9440; http: 8123, TLS 8443.")
    ] = 9000,
    datasource_protocol: Annotated[
        Literal["native", "http"],
        typer.Option(envvar="SQUALL_GRAFANA_CLICKHOUSE_PROTOCOL", help="Protocol between Grafana and ClickHouse."),
    ] = "native",
    datasource_tls: Annotated[bool, typer.Option("--datasource-tls", help="Grafana connects to ClickHouse over TLS.")] = False,
    datasource_user: Annotated[str, typer.Option(help="Read-only ClickHouse user.", envvar="SQUALL_GRAFANA_CLICKHOUSE_USER")] = "grafana",
    datasource_database: Annotated[str, typer.Option(help="ClickHouse database.", envvar="SQUALL_GRAFANA_CLICKHOUSE_DATABASE")] = "squall",
    timeout: Annotated[float, typer.Option(min=0.1, max=600, help="Seconds to wait for each response.")] = 10.0,
    insecure_http: Annotated[bool, typer.Option("--insecure-http", help="Allow http:// to another machine, unencrypted.")] = False,
    as_json: AsJson = False,
) -> None:
    """Push the dashboards to a Grafana server.

    Safe to run again: what is up to date is not changed. Dashboards and folder are identified by uid. Dashboards that were edited in
    Grafana are not overwritten without --overwrite, and nothing is written before everything is compared. The token needs the role
    Editor, with --with-datasource the role Admin. The password of the data source is read from SQUALL_GRAFANA_CLICKHOUSE_PASSWORD only.

    \b
    Examples:
      export SQUALL_GRAFANA_TOKEN=glsa_…
      squall dashboards push --url https://grafana.example.com --dry-run
      squall dashboards push --url https://grafana.example.com
      squall dashboards push --url https://example.com/grafana --folder risk --folder-title "Risk desk" --move
      squall dashboards push --url http://localhost:3000 --with-datasource --datasource-host clickhouse
    """
    from squall.dashboards.grafana.push import DataSource, Folder, Options, Target
    from squall.dashboards.grafana.push import push as push_to

    target = Target.parse(url, token, timeout_seconds=timeout, insecure_http=insecure_http)
    datasource: DataSource | None = None
    if with_datasource:
        password = SecretStr(os.environ.get(PASSWORD_VARIABLE, ""))
        datasource = DataSource(
            datasource_host, datasource_port, datasource_protocol, datasource_tls, datasource_user, password, datasource_database
        )
    elif (given := context.get_parameter_source("datasource_host")) and given.name == "COMMANDLINE":
        raise ConfigurationError("--datasource-host has no effect without --with-datasource", "add --with-datasource")
    dashboards = _read(source_folder)
    changes = push_to(target, dashboards, Folder(folder, folder_title), dry_run=dry_run, options=Options(move, overwrite, datasource))
    if as_json:
        rows = [{"kind": c.kind, "uid": c.uid, "title": c.title, "action": c.action, "diff": c.diff} for c in changes]
        print_json({"url": target.url, "dry_run": dry_run, "changes": rows})
    else:
        _print_changes(changes, target.url, dry_run)


def _read(folder: Path | None) -> list[dict[str, Any]]:
    if folder is None:
        from squall.dashboards.grafana.build import build_all

        return [orjson.loads(text) for text in build_all().values()]
    paths = sorted(folder.glob("*.json")) if folder.is_dir() else []
    if not paths:
        raise ConfigurationError(f"{folder} is not a folder with .json files", "write them with `squall dashboards build --out FOLDER`")
    dashboards = []
    for path in paths:
        try:
            read = orjson.loads(read_regular_file(path, MOST_SETTINGS_BYTES))
        except orjson.JSONDecodeError as error:
            raise ConfigurationError(f"{path} cannot be read as JSON: {error}", "correct the file or remove it from the folder") from None
        if not isinstance(read, dict):
            raise ConfigurationError(f"{path} is not a dashboard", "correct the file or remove it from the folder")
        dashboards.append(read)
    return dashboards


def _print_changes(changes: list[Change], url: str, dry_run: bool) -> None:
    for change in changes:
        echo(f"{_action(change, dry_run):12}  {change.kind:10}  {change.uid:28}  {change.title}")
        if dry_run and change.diff:
            echo(change.diff + "\n")
    if any(change.action == "missing" for change in changes):
        echo("panels stay empty until Grafana has the missing data source: push with --with-datasource, or provision it", err=True)
    different = sum(change.action in _PAST for change in changes)
    if dry_run:
        echo(f"{url}: {different} of {len(changes)} would change; nothing was written")
    else:
        echo(f"{url}: {different} changed" if different else f"{url}: up to date")


def _action(change: Change, dry_run: bool) -> str:
    if change.action not in _PAST:
        return change.action
    return f"would {change.action}" if dry_run else _PAST[change.action]

"""Pushes folder, data source and dashboards to Grafana."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from squall.dashboards.grafana.clickhouse_query import DATASOURCE_UID
from squall.dashboards.grafana.push.client import GrafanaClient
from squall.dashboards.grafana.push.datasource import DataSource, apply_datasource, plan_datasource
from squall.dashboards.grafana.push.errors import ConflictError, GrafanaError, GrafanaUnavailableError
from squall.dashboards.grafana.push.plan import MESSAGE, Change, Folder, check_dashboards, plan_dashboards, plan_folder
from squall.dashboards.grafana.push.target import Target


@dataclass(frozen=True)
class Options:
    """What a push may change beyond its own dashboards.

    Args:
        move: move dashboards that are in another folder.
        overwrite: replace dashboards that were edited in Grafana, and set the data source's password again.
        datasource: create or update it too; None: do not change it.
    """

    move: bool = False
    overwrite: bool = False
    datasource: DataSource | None = None


def push(
    target: Target, dashboards: Sequence[dict[str, Any]], folder: Folder, *, dry_run: bool = False, options: Options | None = None
) -> list[Change]:
    """Create or update folder, data source and dashboards by uid. Everything is read and compared before the first write.

    Args:
        dashboards: the JSON of each, as built.
        dry_run: change nothing.

    Returns:
        The changes made, or that would be made, in order; all are `unchanged` in a second push.

    Raises:
        ConfigurationError: a dashboard is not valid.
        ConflictError: edits would be overwritten; nothing was changed.
        GrafanaError: Grafana refused or did not answer. The error lists what was saved before it; another push continues from there.
    """
    options = options or Options()
    check_dashboards(dashboards)
    grafana = GrafanaClient(target)
    try:
        return _push(grafana, dashboards, folder, dry_run, options)
    finally:
        grafana.close()


def _push(grafana: GrafanaClient, dashboards: Sequence[dict[str, Any]], folder: Folder, dry_run: bool, options: Options) -> list[Change]:
    grafana.version()
    place = plan_folder(grafana, folder)
    source, body = plan_datasource(grafana, options.datasource, overwrite=options.overwrite) if options.datasource else (None, {})
    plans = plan_dashboards(grafana, dashboards, folder, move=options.move, overwrite=options.overwrite)
    changes = [place, *([source] if source else _missing_datasource(grafana)), *(plan.change for plan in plans)]
    if dry_run:
        return changes
    saved: list[str] = []
    try:
        if place.action == "create":
            _create_folder(grafana, folder)
            saved.append(f"folder {folder.uid}")
        if source is not None:
            apply_datasource(grafana, source, body)
            saved += [f"data source {source.uid}"] if body else []
        for plan in plans:
            if plan.change.action == "unchanged":
                continue
            grafana.save_dashboard(plan.body, folder_uid=folder.uid, message=MESSAGE, overwrite=options.overwrite)
            saved.append(plan.change.uid)
    except GrafanaError as error:
        raise _with_progress(error, saved) from None
    return changes


def _create_folder(grafana: GrafanaClient, folder: Folder) -> None:
    try:
        grafana.create_folder(folder.uid, folder.title)
    except ConflictError as error:
        if grafana.folder(folder.uid) is None:
            raise ConflictError(
                error.what, "the title is taken: choose another with --folder-title, or use that folder with --folder UID"
            ) from None


def _missing_datasource(grafana: GrafanaClient) -> list[Change]:
    """Report a missing data source, without which panels stay empty. A token without the right to look (role Editor) is not an error."""
    try:
        found = grafana.datasource(DATASOURCE_UID)
    except GrafanaUnavailableError:
        raise
    except GrafanaError:
        return []
    return [] if found is not None else [Change("datasource", DATASOURCE_UID, "ClickHouse", "missing")]


def _with_progress(error: GrafanaError, saved: list[str]) -> GrafanaError:
    before = f"; saved before that: {', '.join(saved)}" if saved else "; nothing was saved before that"
    return type(error)(error.what + before, error.hint)

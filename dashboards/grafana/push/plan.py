"""What a push would change: read from Grafana, compared, and refused where it would undo somebody's work."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from squall.core.errors import ConfigurationError
from squall.dashboards.grafana.push.client import GrafanaClient
from squall.dashboards.grafana.push.diff import difference, normalised
from squall.dashboards.grafana.push.errors import ConflictError

Action = Literal["create", "update", "move", "unchanged", "missing"]

MESSAGE = "squall dashboards push"
"""Begins the message of every version we save; a newest version without it was saved by somebody else."""

_UID = re.compile(r"[A-Za-z0-9_-]{1,40}")


@dataclass(frozen=True)
class Change:
    """One thing in Grafana and what a push does, or would do, to it.

    Args:
        action: `missing` is a data source that the dashboards name and Grafana lacks; `move` may come with an update.
        diff: unified, of JSON with sorted keys; empty when nothing in it changes.
    """

    kind: Literal["folder", "datasource", "dashboard"]
    uid: str
    title: str
    action: Action
    diff: str = ""


@dataclass(frozen=True)
class Folder:
    """Where the dashboards go: found by uid, so it may be renamed in Grafana."""

    uid: str = "squall"
    title: str = "Squall"

    def __post_init__(self) -> None:
        if not _UID.fullmatch(self.uid):
            raise ConfigurationError(f"the folder's uid {self.uid!r} is none", "letters, digits, - and _, at most 40")
        if not self.title.strip():
            raise ConfigurationError("the folder's title is empty", "name it: --folder-title Squall")


@dataclass(frozen=True)
class DashboardPlan:
    """A dashboard's change and the JSON that makes it, with the version that it replaces."""

    change: Change
    body: dict[str, Any]


def check_dashboards(dashboards: Sequence[dict[str, Any]]) -> None:
    """Refuse, before anything is sent, what has no usable uid or title, or the same uid twice.

    Raises:
        ConfigurationError: names the dashboard.
    """
    seen: set[str] = set()
    for dashboard in dashboards:
        uid, title = dashboard.get("uid"), dashboard.get("title")
        if not isinstance(title, str) or not title.strip():
            raise ConfigurationError(f"the dashboard {uid} has no title", "build the files again: squall dashboards build")
        if not isinstance(uid, str) or not _UID.fullmatch(uid):
            raise ConfigurationError(f"the dashboard '{title}' has no usable uid", "letters, digits, - and _, at most 40")
        if uid in seen:
            raise ConfigurationError(f"two dashboards have the uid {uid}", "build the files again: squall dashboards build")
        seen.add(uid)


def plan_folder(grafana: GrafanaClient, folder: Folder) -> Change:
    """Look for the folder."""
    found = grafana.folder(folder.uid)
    if found is None:
        return Change("folder", folder.uid, folder.title, "create")
    return Change("folder", folder.uid, str(found.get("title", folder.title)), "unchanged")


def plan_dashboards(
    grafana: GrafanaClient, dashboards: Sequence[dict[str, Any]], folder: Folder, *, move: bool, overwrite: bool
) -> list[DashboardPlan]:
    """Compare each dashboard with what Grafana has. Changes nothing.

    Raises:
        ConflictError: some lie in another folder and `move` is off, were saved by somebody else and `overwrite` is off, or belong to
            provisioning files; names all of them.
    """
    plans: list[DashboardPlan] = []
    conflicts: list[str] = []
    hints: list[str] = []
    for dashboard in dashboards:
        try:
            plans.append(_plan(grafana, dashboard, folder, move=move, overwrite=overwrite))
        except ConflictError as error:
            conflicts.append(error.what)
            hints.append(error.hint)
    if conflicts:
        raise ConflictError("; ".join(conflicts), "nothing was changed; " + "; ".join(dict.fromkeys(hints)))
    return plans


def _plan(grafana: GrafanaClient, dashboard: dict[str, Any], folder: Folder, *, move: bool, overwrite: bool) -> DashboardPlan:
    uid, title = str(dashboard["uid"]), str(dashboard["title"])
    body = {key: value for key, value in dashboard.items() if key != "id"}
    wanted = normalised(dashboard)
    found = grafana.dashboard(uid)
    if found is None:
        body.pop("version", None)
        return DashboardPlan(Change("dashboard", uid, title, "create", difference(None, wanted, name=title)), body)
    there, meta = found["dashboard"], found.get("meta") or {}
    diff = difference(normalised(there), wanted, name=title)
    elsewhere = str(meta.get("folderUid") or "") != folder.uid
    if not diff and not elsewhere:
        return DashboardPlan(Change("dashboard", uid, title, "unchanged"), body)
    if meta.get("provisioned"):
        raise ConflictError(f"'{title}' ({uid}) comes from provisioning files and differs", "change those files, or remove them and push")
    if elsewhere and not move:
        where = f"the folder '{meta.get('folderTitle') or meta.get('folderUid')}'" if meta.get("folderUid") else "no folder"
        raise ConflictError(
            f"'{title}' ({uid}) lies in {where}, not in '{folder.title}'", "--move takes it along, --folder names another folder"
        )
    if diff and not overwrite:
        _refuse_edited(grafana, uid, title)
    body["version"] = there.get("version", 0)
    return DashboardPlan(Change("dashboard", uid, title, "move" if elsewhere else "update", diff), body)


def _refuse_edited(grafana: GrafanaClient, uid: str, title: str) -> None:
    """A version number would only tell edits made while we push; the message of the newest version tells those since the last push."""
    last = grafana.last_save(uid)
    if str(last.get("message") or "").startswith(MESSAGE):
        return
    if not last:
        raise ConflictError(
            f"'{title}' ({uid}) differs, and Grafana shows no history that would tell an edit from the last push",
            "--dry-run --overwrite shows what would change, --overwrite does it",
        )
    by = f" by {last['createdBy']}" if last.get("createdBy") else ""
    raise ConflictError(
        f"'{title}' ({uid}) was edited in Grafana: its newest version was saved{by}, not by a push",
        "--dry-run --overwrite shows what would be lost, --overwrite replaces it (Grafana keeps the old version)",
    )

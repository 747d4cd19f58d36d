"""What a push would change: reads Grafana, compares, and refuses to overwrite edits."""

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
"""The version message of every push starts with this; a latest version without it was saved by someone else."""

_UID = re.compile(r"[A-Za-z0-9_-]{1,40}")


@dataclass(frozen=True)
class Change:
    """One object in Grafana and what a push does, or would do, to it.

    Args:
        action: `missing` is the data source that the dashboards use and Grafana does not have; `move` may include an update.
        diff: unified diff of the JSON with sorted keys; empty if nothing changes.
    """

    kind: Literal["folder", "datasource", "dashboard"]
    uid: str
    title: str
    action: Action
    diff: str = ""


@dataclass(frozen=True)
class Folder:
    """The folder of the dashboards; it is found by uid, so it can be renamed in Grafana."""

    uid: str = "squall"
    title: str = "Squall"

    def __post_init__(self) -> None:
        if not _UID.fullmatch(self.uid):
            raise ConfigurationError(f"the folder uid {self.uid!r} is not valid", "use at most 40 letters, digits, - and _")
        if not self.title.strip():
            raise ConfigurationError("the folder title is empty", "set it, for example: --folder-title Squall")


@dataclass(frozen=True)
class DashboardPlan:
    """The change of a dashboard, and the JSON to save, with the version that it replaces."""

    change: Change
    body: dict[str, Any]


def check_dashboards(dashboards: Sequence[dict[str, Any]]) -> None:
    """Check, before anything is sent, that every dashboard has a title and a valid, unique uid.

    Raises:
        ConfigurationError: one has not; the error names it.
    """
    seen: set[str] = set()
    for dashboard in dashboards:
        uid, title = dashboard.get("uid"), dashboard.get("title")
        if not isinstance(title, str) or not title.strip():
            raise ConfigurationError(f"the dashboard {uid} has no title", "rebuild the files: squall dashboards build")
        if not isinstance(uid, str) or not _UID.fullmatch(uid):
            raise ConfigurationError(f"the dashboard '{title}' has no valid uid", "use at most 40 letters, digits, - and _")
        if uid in seen:
            raise ConfigurationError(f"two dashboards have the uid {uid}", "rebuild the files: squall dashboards build")
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
    """Compare each dashboard with the one in Grafana. Changes nothing.

    Raises:
        ConflictError: some are in another folder and `move` is off, were saved by someone else and `overwrite` is off, or are
            provisioned from files; the error names all of them.
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
        raise ConflictError(f"'{title}' ({uid}) is provisioned from files and differs", "change those files, or remove them and push again")
    if elsewhere and not move:
        where = f"the folder '{meta.get('folderTitle') or meta.get('folderUid')}'" if meta.get("folderUid") else "no folder"
        raise ConflictError(
            f"'{title}' ({uid}) is in {where}, not in '{folder.title}'", "use --move to move it, or --folder to push to another folder"
        )
    if diff and not overwrite:
        _refuse_edited(grafana, uid, title)
    body["version"] = there.get("version", 0)
    return DashboardPlan(Change("dashboard", uid, title, "move" if elsewhere else "update", diff), body)


def _refuse_edited(grafana: GrafanaClient, uid: str, title: str) -> None:
    """Version numbers reveal only edits during this push; the message of the latest version reveals edits since the last push."""
    last = grafana.last_save(uid)
    if str(last.get("message") or "").startswith(MESSAGE):
        return
    if not last:
        raise ConflictError(
            f"'{title}' ({uid}) differs, and Grafana provides no history that shows whether it was edited since the last push",
            "use --dry-run --overwrite to see what would change, and --overwrite to change it",
        )
    by = f" by {last['createdBy']}" if last.get("createdBy") else ""
    raise ConflictError(
        f"'{title}' ({uid}) was edited in Grafana: its latest version was saved{by}, not by a push",
        "use --dry-run --overwrite to see what would be lost, and --overwrite to replace it (Grafana keeps the old version)",
    )

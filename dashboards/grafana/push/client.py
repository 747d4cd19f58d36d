"""The Grafana API calls that a push makes, by uid only: Grafana 13 has numeric ids disabled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import requests
from grafana_client import GrafanaApi
from grafana_client.client import GrafanaException, TokenAuth

from squall.dashboards.grafana.push.errors import GrafanaError, NotFoundError, from_answer, from_transport, not_grafana
from squall.dashboards.grafana.push.target import Target

Json = dict[str, Any]


class GrafanaClient:
    """A client of one Grafana server.

    Every method raises `GrafanaError` with a hint: wrong token, missing permission, an address that is not Grafana's, no answer.
    """

    def __init__(self, target: Target) -> None:
        self.target = target
        self._api = GrafanaApi(
            TokenAuth(target.token.get_secret_value()),
            host=target.host,
            port=target.port,
            url_path_prefix=target.path.lstrip("/"),
            protocol=target.scheme,
            timeout=target.timeout_seconds,
            user_agent="squall",
        )
        session = self._api.client.s
        session.max_redirects = 0  # a redirected POST becomes a GET, and a redirect may lead to another machine
        if target.loopback and target.scheme == "http":
            session.trust_env = False  # do not send requests for this machine to a proxy

    def close(self) -> None:
        """Close the connections."""
        self._api.client.s.close()

    def version(self) -> str:
        """Return Grafana's version, empty if it is hidden; raises if the server is not Grafana."""
        doing = "return its health (/api/health)"
        try:
            answer = self._call(doing, "", self._api.health.check)
        except NotFoundError:
            raise not_grafana(self.target, doing) from None
        if not isinstance(answer, dict) or "database" not in answer:
            raise not_grafana(self.target, doing)
        return str(answer.get("version", ""))

    def folder(self, uid: str) -> Json | None:
        """Return a folder, or None if there is none."""
        return self._find(f"read the folder {uid}", "folders:read", lambda: self._api.folder.get_folder(uid))

    def create_folder(self, uid: str, title: str) -> Json:
        """Create a folder; `ConflictError` if its title or uid is taken."""
        return self._ask(f"create the folder '{title}'", "folders:create", lambda: self._api.folder.create_folder(title, uid))

    def dashboard(self, uid: str) -> Json | None:
        """Return `{"meta": …, "dashboard": …}`, or None if there is none."""
        found = self._find(f"read the dashboard {uid}", "dashboards:read", lambda: self._api.dashboard.get_dashboard(uid))
        if found is not None and not isinstance(found.get("dashboard"), dict):
            raise not_grafana(self.target, f"read the dashboard {uid}")
        return found

    def last_save(self, uid: str) -> Json:
        """Return the latest version of a dashboard (`createdBy`, `message`); empty if Grafana provides no history."""
        path = f"/dashboards/uid/{uid}/versions?limit=10"  # the library's own call sends the limit in the body of the GET
        try:
            answer = self._call(f"read the history of the dashboard {uid}", "dashboards:write", lambda: self._api.client.GET(path))
        except NotFoundError:
            return {}
        entries = answer.get("versions", []) if isinstance(answer, dict) else answer
        newest = max((entry for entry in entries if isinstance(entry, dict)), key=lambda entry: int(entry.get("version", 0)), default={})
        return dict(newest)

    def save_dashboard(self, dashboard: Json, *, folder_uid: str, message: str, overwrite: bool) -> Json:
        """Create or replace a dashboard by its uid; `ConflictError` if its `version` is not the stored one and `overwrite` is off."""
        body = {"dashboard": dashboard, "folderUid": folder_uid, "message": message, "overwrite": overwrite}
        return self._ask(
            f"save the dashboard '{dashboard['title']}'",
            "dashboards:create or dashboards:write",
            lambda: self._api.dashboard.update_dashboard(body),
        )

    def datasource(self, uid: str) -> Json | None:
        """Return a data source without its secrets, or None if there is none."""
        return self._find(f"read the data source {uid}", "datasources:read", lambda: self._api.datasource.get_datasource_by_uid(uid))

    def create_datasource(self, body: Json) -> Json:
        """Create a data source; `ConflictError` if its name is taken."""
        return self._ask(
            f"create the data source '{body['name']}'", "datasources:create", lambda: self._api.datasource.create_datasource(body)
        )

    def update_datasource(self, uid: str, body: Json) -> Json:
        """Replace the settings of a data source; secrets that are not given are kept."""
        update = self._api.datasource.update_datasource_by_uid
        return self._ask(f"update the data source '{body['name']}'", "datasources:write", lambda: update(uid, body))

    def has_plugin(self, name: str) -> bool:
        """Return whether a plugin is installed."""
        found = self._find(f"look for the plugin {name}", "plugins:read", lambda: self._api.client.GET(f"/plugins/{name}/settings"))
        return found is not None

    def _find(self, doing: str, permission: str, call: Callable[[], Any]) -> Json | None:
        try:
            return self._ask(doing, permission, call)
        except NotFoundError:
            return None

    def _ask(self, doing: str, permission: str, call: Callable[[], Any]) -> Json:
        answer = self._call(doing, permission, call)
        if not isinstance(answer, dict):
            raise not_grafana(self.target, doing)
        return answer

    def _call(self, doing: str, permission: str, call: Callable[[], Any]) -> Any:
        error: GrafanaError
        try:
            return call()
        except GrafanaException as refusal:
            page = isinstance(refusal.response, str) and refusal.response.lstrip().startswith("<") and refusal.status_code < 500
            error = not_grafana(self.target, doing) if page else from_answer(refusal, self.target, doing, permission)
        except requests.exceptions.JSONDecodeError:
            error = not_grafana(self.target, doing)
        except requests.exceptions.RequestException as failure:
            error = from_transport(failure, self.target, doing)
        raise error

"""An HTTP server on loopback that stores folders, dashboards and data sources like Grafana 13, and refuses what Grafana refuses."""

from __future__ import annotations

import copy
import json
import re
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

ADMIN, EDITOR, VIEWER = "glsa_adminadminadminadmin_0a1b2c3d", "glsa_editoreditoreditor_1a2b3c4d", "glsa_viewerviewerviewer_2a3b4c5d"
_RIGHTS = {
    VIEWER: {"folders:read", "dashboards:read"},
    EDITOR: {"folders:read", "dashboards:read", "folders:create", "dashboards:create", "dashboards:write", "plugins:read"},
}
_RIGHTS[ADMIN] = _RIGHTS[EDITOR] | {"datasources:read", "datasources:create", "datasources:write"}


@dataclass
class Answer:
    """What to send instead of Grafana's own answer."""

    status: int
    body: Any = None
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Grafana:
    """The server's state. `writes` counts what changed it; `requests` are (method, path, authorization)."""

    folders: dict[str, dict[str, Any]] = field(default_factory=dict)
    dashboards: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    datasources: dict[str, dict[str, Any]] = field(default_factory=dict)
    secrets: dict[str, dict[str, str]] = field(default_factory=dict)
    plugins: set[str] = field(default_factory=lambda: {"grafana-clickhouse-datasource"})
    provisioned: set[str] = field(default_factory=set)
    sub_path: str = ""
    writes: int = 0
    requests: list[tuple[str, str, str]] = field(default_factory=list)
    intercept: Callable[[str, str], Answer | None] = lambda _method, _path: None
    url: str = ""

    def edit(self, uid: str, *, by: str = "anna", **changes: Any) -> None:
        """Save a dashboard as someone in a browser would."""
        newest = self.dashboards[uid][-1]
        self._store({**newest["dashboard"], **changes}, newest["folder"], "", by)

    def current(self, uid: str) -> dict[str, Any]:
        """The stored JSON."""
        found: dict[str, Any] = self.dashboards[uid][-1]["dashboard"]
        return found

    def folder_of(self, uid: str) -> str:
        """The uid of the dashboard's folder."""
        return str(self.dashboards[uid][-1]["folder"])

    def _store(self, dashboard: dict[str, Any], folder: str, message: str, by: str) -> int:
        history = self.dashboards.setdefault(dashboard["uid"], [])
        number = len(history) + 1
        stored = {**copy.deepcopy(dashboard), "id": 1000 + len(self.dashboards), "version": number}
        history.append({"dashboard": stored, "folder": folder, "message": message, "by": by})
        return number

    def answer(self, method: str, path: str, token: str, body: Any) -> Answer:
        """Grafana's answer to one request."""
        if path == "/api/health":
            return Answer(200, {"commit": "0123456789", "database": "ok", "version": "13.2.0"})
        if token not in _RIGHTS:
            return Answer(401, {"message": "Invalid API key", "messageId": "api-key.invalid", "statusCode": 401, "traceID": ""})
        for verb, pattern, permission, handler in _ROUTES:
            found = re.fullmatch(pattern, path)
            if found and verb == method:
                if permission not in _RIGHTS[token]:
                    return Answer(403, _denied(permission))
                return handler(self, *found.groups(), *([body] if verb != "GET" else []))
        return Answer(404, {"message": "Not found"})

    def get_folder(self, uid: str) -> Answer:
        if uid not in self.folders:
            return Answer(404, {"message": "folder not found", "status": "not-found"})
        return Answer(200, self.folders[uid])

    def post_folder(self, body: Any) -> Answer:
        if body["uid"] in self.folders or any(folder["title"] == body["title"] for folder in self.folders.values()):
            return Answer(409, {"message": "A folder with that name already exists", "status": "name-exists"})
        self.writes += 1
        self.folders[body["uid"]] = {"id": 0, "uid": body["uid"], "title": body["title"], "version": 1, "canSave": True}
        return Answer(200, self.folders[body["uid"]])

    def get_dashboard(self, uid: str) -> Answer:
        if uid not in self.dashboards:
            return Answer(404, {"message": "Dashboard not found", "status": "not-found"})
        newest = self.dashboards[uid][-1]
        folder = self.folders.get(newest["folder"], {})
        meta = {
            "type": "db",
            "slug": "x",
            "version": len(self.dashboards[uid]),
            "folderUid": newest["folder"],
            "folderTitle": folder.get("title", "Dashboards"),
            "provisioned": uid in self.provisioned,
        }
        return Answer(200, {"meta": meta, "dashboard": newest["dashboard"]})

    def get_versions(self, uid: str) -> Answer:
        if uid not in self.dashboards:
            return Answer(404, {"message": "Dashboard not found"})
        rows = [
            {"uid": uid, "version": number, "createdBy": entry["by"], "message": entry["message"]}
            for number, entry in enumerate(self.dashboards[uid], start=1)
        ]
        return Answer(200, {"continueToken": "", "versions": rows[::-1]})

    def post_dashboard(self, body: Any) -> Answer:
        if "folderId" in body or body["dashboard"].get("id"):
            return Answer(404, {"message": "numeric ids are not available"})
        dashboard, folder = body["dashboard"], body.get("folderUid", "")
        uid = dashboard["uid"]
        if folder and folder not in self.folders:
            return Answer(400, {"message": "folder not found"})
        if uid in self.provisioned:
            return Answer(400, {"message": "Cannot save provisioned dashboard"})
        history = self.dashboards.get(uid)
        if history and not body.get("overwrite") and dashboard.get("version", 0) != len(history):
            return Answer(412, {"message": "The dashboard has been changed by someone else", "status": "version-mismatch"})
        self.writes += 1
        number = self._store(dashboard, folder, body.get("message", ""), "sa-1-squall")
        return Answer(200, {"uid": uid, "status": "success", "version": number, "slug": "x", "url": f"/d/{uid}/x", "folderUid": folder})

    def get_datasource(self, uid: str) -> Answer:
        if uid not in self.datasources:
            return Answer(404, {"message": "Data source not found", "messageId": "datasource.notFound"})
        return Answer(200, {**self.datasources[uid], "secureJsonFields": dict.fromkeys(self.secrets.get(uid, {}), True)})

    def post_datasource(self, body: Any) -> Answer:
        if any(source["name"] == body["name"] for source in self.datasources.values()):
            return Answer(409, {"message": "data source with the same name already exists"})
        return self._keep_datasource(body["uid"], body, 1)

    def put_datasource(self, uid: str, body: Any) -> Answer:
        if uid not in self.datasources:
            return Answer(404, {"message": "Data source not found"})
        if self.datasources[uid].get("readOnly"):
            return Answer(403, {"message": "Cannot update read-only data source"})
        if body.get("version") != self.datasources[uid]["version"]:
            return Answer(409, {"message": "Datasource has already been updated by someone else. Please reload and try again"})
        return self._keep_datasource(uid, body, body["version"] + 1)

    def _keep_datasource(self, uid: str, body: Any, version: int) -> Answer:
        self.writes += 1
        given = dict(body)
        self.secrets[uid] = {**self.secrets.get(uid, {}), **given.pop("secureJsonData", {})}
        self.datasources[uid] = {**given, "id": 7, "orgId": 1, "readOnly": False, "version": version}
        return Answer(200, {"message": "Datasource added", "name": body["name"], "datasource": self.datasources[uid]})

    def get_plugin(self, name: str) -> Answer:
        return (
            Answer(200, {"id": name, "enabled": True})
            if name in self.plugins
            else Answer(404, {"message": "Plugin not found, no installed plugin"})
        )


_ROUTES: list[tuple[str, str, str, Callable[..., Answer]]] = [
    ("GET", r"/api/folders/([^/]+)", "folders:read", Grafana.get_folder),
    ("POST", r"/api/folders", "folders:create", Grafana.post_folder),
    ("GET", r"/api/dashboards/uid/([^/]+)", "dashboards:read", Grafana.get_dashboard),
    ("GET", r"/api/dashboards/uid/([^/]+)/versions", "dashboards:write", Grafana.get_versions),
    ("POST", r"/api/dashboards/db", "dashboards:write", Grafana.post_dashboard),
    ("GET", r"/api/datasources/uid/([^/]+)", "datasources:read", Grafana.get_datasource),
    ("POST", r"/api/datasources", "datasources:create", Grafana.post_datasource),
    ("PUT", r"/api/datasources/uid/([^/]+)", "datasources:write", Grafana.put_datasource),
    ("GET", r"/api/plugins/([^/]+)/settings", "plugins:read", Grafana.get_plugin),
]


def _denied(permission: str) -> dict[str, Any]:
    words = f"You'll need additional permissions to perform this action. Permissions needed: {permission}"
    return {"accessErrorId": "ACE0123456789", "message": words, "title": "Access denied"}


def _handler(grafana: Grafana, closing: threading.Event) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            path = self.path.split("?")[0]
            length = int(self.headers.get("Content-Length") or 0)
            raw = self.rfile.read(length)
            authorization = self.headers.get("Authorization", "")
            grafana.requests.append((self.command, path, authorization))
            answer = grafana.intercept(self.command, path)
            if answer is None and not path.startswith(grafana.sub_path + "/"):
                answer = Answer(404, "<!DOCTYPE html><html><body>404</body></html>", "text/html")
            if answer is None:
                token = authorization.removeprefix("Bearer ")
                answer = grafana.answer(self.command, path.removeprefix(grafana.sub_path), token, json.loads(raw) if raw else None)
            if answer.status == 0:  # sends nothing until the server closes
                closing.wait(30)
                return
            content = answer.body.encode() if isinstance(answer.body, str) else json.dumps(answer.body).encode()
            with suppress(OSError):
                self.send_response(answer.status)
                for name, value in {"Content-Type": answer.content_type, "Content-Length": str(len(content)), **answer.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_DELETE = _serve  # noqa: N815

        def log_message(self, *_: Any) -> None:
            pass

    return Handler


@contextmanager
def serving(grafana: Grafana, certificate: Path | None = None) -> Iterator[Grafana]:
    """Serve `grafana` on a free port; with `certificate` (PEM of key and certificate) over TLS."""
    closing = threading.Event()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(grafana, closing))
    server.daemon_threads = True
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    grafana.url = f"{'https' if certificate else 'http'}://localhost:{server.server_port}{grafana.sub_path}"
    try:
        yield grafana
    finally:
        closing.set()
        server.shutdown()
        server.server_close()
        thread.join()

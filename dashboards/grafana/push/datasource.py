"""The ClickHouse data source that the dashboards use."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import SecretStr

from squall.core.errors import ConfigurationError
from squall.dashboards.grafana.clickhouse_query import DATASOURCE_UID, PLUGIN
from squall.dashboards.grafana.push.client import GrafanaClient
from squall.dashboards.grafana.push.diff import difference
from squall.dashboards.grafana.push.errors import ConflictError, GrafanaError
from squall.dashboards.grafana.push.plan import Action, Change


@dataclass(frozen=True)
class DataSource:
    """How Grafana reaches ClickHouse, from Grafana's host.

    Args:
        protocol: `native` (port 9000, 9440 with TLS) or `http` (8123, 8443).
        password: of the read-only user; sent to Grafana, which stores it, and never shown.
    """

    host: str
    port: int = 9000
    protocol: Literal["native", "http"] = "native"
    secure: bool = False
    username: str = "grafana"
    password: SecretStr = field(default_factory=lambda: SecretStr(""))
    database: str = "squall"
    name: str = "Squall ClickHouse"
    uid: str = DATASOURCE_UID

    def __post_init__(self) -> None:
        if not self.host.strip():
            raise ConfigurationError("no host for the data source", "set --datasource-host to the ClickHouse server as Grafana reaches it")

    @property
    def settings(self) -> dict[str, Any]:
        """What can be compared: everything except the password."""
        return {
            "name": self.name,
            "type": PLUGIN,
            "uid": self.uid,
            "access": "proxy",
            "jsonData": {
                "host": self.host,
                "port": self.port,
                "protocol": self.protocol,
                "secure": self.secure,
                "username": self.username,
                "defaultDatabase": self.database,
            },
        }

    @property
    def body(self) -> dict[str, Any]:
        """The request body, with the password."""
        secrets = {"secureJsonData": {"password": self.password.get_secret_value()}} if self.password.get_secret_value() else {}
        return {**self.settings, **secrets}


def plan_datasource(grafana: GrafanaClient, wanted: DataSource, *, overwrite: bool) -> tuple[Change, dict[str, Any]]:
    """Compare with the data source in Grafana; return the change and the request body for it. Changes nothing.

    Raises:
        GrafanaError: the plugin is missing, or the data source with this uid has another type or is provisioned from files.
    """
    if not grafana.has_plugin(PLUGIN):
        raise GrafanaError(
            f"{grafana.target.url} lacks the plugin {PLUGIN}",
            f"start Grafana with GF_PLUGINS_PREINSTALL={PLUGIN}, or run: grafana cli plugins install {PLUGIN}",
        )
    found = grafana.datasource(wanted.uid)
    if found is None:
        return Change("datasource", wanted.uid, wanted.name, "create", difference(None, wanted.settings, name=wanted.name)), wanted.body
    if found.get("type") != PLUGIN:
        raise ConflictError(
            f"the data source {wanted.uid} has the type {found.get('type')}, not {PLUGIN}", "remove it in Grafana, then push again"
        )
    given = found.get("jsonData") or {}
    mine = wanted.settings
    theirs = {**{key: found.get(key) for key in mine}, "jsonData": {key: given.get(key) for key in mine["jsonData"]}}
    diff = difference(theirs, mine, name=wanted.name)
    secret_missing = bool(wanted.password.get_secret_value()) and not (found.get("secureJsonFields") or {}).get("password")
    if not diff and not secret_missing and not overwrite:
        return Change("datasource", wanted.uid, wanted.name, "unchanged"), {}
    if found.get("readOnly"):
        raise ConflictError(
            f"the data source {wanted.uid} is provisioned from files and differs",
            "change those files, or push without --with-datasource",
        )
    action: Action = "update"
    body = {**wanted.body, "jsonData": {**given, **mine["jsonData"]}, "version": found.get("version")}
    return Change("datasource", wanted.uid, wanted.name, action, diff), body


def apply_datasource(grafana: GrafanaClient, change: Change, body: dict[str, Any]) -> None:
    """Apply the change, if there is one."""
    if change.action == "create":
        grafana.create_datasource(body)
    elif change.action == "update":
        grafana.update_datasource(change.uid, body)

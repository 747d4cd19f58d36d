"""The processes that our Compose file and Kustomize overlays start: their arguments, environment, ports and mounts."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import typer
import yaml
from pydantic import BaseModel

from squall.cli.main import app
from squall.core.config.settings import Settings
from tests.support.kustomize import Manifest, pod_spec, render

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
OVERLAYS = ("example", "gpu")
SECRET = "a-secret-of-theirs"
SECRETS = {
    "SQUALL_PUSH__TOKENS": json.dumps([{"name": "default", "token": SECRET, "sources": ["*"]}]),
    "SQUALL_ALERTS__RECEIVERS": json.dumps([{"name": "on-call", "channel": "pagerduty", "secret": SECRET}]),
    "SQUALL_ALERTS__HEARTBEAT__URL": f"https://watchdog.example.org/{SECRET}",
}
"""Secrets that have a form."""
_VARIABLE = re.compile(r"\$\{(\w+)(?::([-?])((?:[^{}]|\{[^}]*\})*))?\}")


@dataclass
class Process:
    """One container that runs `squall`."""

    name: str
    arguments: list[str]
    environment: dict[str, str]
    ports: set[int] = field(default_factory=set)
    mounts: list[str] = field(default_factory=list)
    secrets: set[str] = field(default_factory=set)

    @property
    def kind(self) -> str:
        """The command, without options and files: `ingest rss`."""
        return " ".join(word for word in self.arguments if not word.startswith(("/", "-")))


def required_variables(text: str) -> set[str]:
    """Return the variables without which Compose refuses to start."""
    return {match[1] for match in _VARIABLE.finditer(text) if match[2] == "?"}


def compose(*names: str, **environment: str) -> Manifest:
    """Return Compose files as `docker compose` reads them, later over earlier ones.

    Raises:
        KeyError: a required variable is not in `environment`.
    """
    joined: Manifest = {}
    for name in names:
        joined = _over(joined, _interpolated(yaml.safe_load((DEPLOY / name).read_text()), environment))
    return {key: value for key, value in joined.items() if not key.startswith("x-")}


def _interpolated(value: Any, environment: Mapping[str, str]) -> Any:
    """Put variables into every string, after the YAML was read, as Compose does."""
    if isinstance(value, dict):
        return {key: _interpolated(each, environment) for key, each in value.items()}
    if isinstance(value, list):
        return [_interpolated(each, environment) for each in value]
    if not isinstance(value, str):
        return value

    def one(match: re.Match[str]) -> str:
        name, sign, rest = match.groups()
        if environment.get(name):
            return environment[name]
        if sign == "-":
            return str(rest)
        raise KeyError(name)

    return _VARIABLE.sub(one, value)


def _over(base: Any, change: Any) -> Any:
    if isinstance(base, dict) and isinstance(change, dict):
        return {
            key: _over(base[key], change[key]) if key in base and key in change else change.get(key, base.get(key)) for key in base | change
        }
    return change


def full_compose(*names: str) -> Manifest:
    """Return Compose files with every required variable given."""
    given = dict.fromkeys(set().union(*(required_variables((DEPLOY / name).read_text()) for name in names)), SECRET)
    return compose(*names, **given)


def is_ours(service: Manifest) -> bool:
    """Say whether a Compose service runs Squall's image."""
    return str(service["image"]).startswith("squall:")


def compose_processes(*names: str) -> list[Process]:
    """Return Squall's processes of Compose files."""
    return [
        Process(
            name,
            list(service["command"]),
            {key: str(value) for key, value in service.get("environment", {}).items()},
            {int(str(port).rsplit(":", 1)[-1]) for port in service.get("ports", [])},
            [str(volume).split(":")[1] for volume in service.get("volumes", [])]
            + [str(each).split(":")[0] for each in service.get("tmpfs", [])],
            {key for key, value in service.get("environment", {}).items() if SECRET in str(value)},
        )
        for name, service in full_compose(*names)["services"].items()
        if is_ours(service)
    ]


def overlay(name: str) -> list[Manifest]:
    """Return what an overlay comes to."""
    return render(DEPLOY / "kubernetes" / "overlays" / name)


def kubernetes_processes(name: str) -> list[Process]:
    """Return the containers of an overlay's pods with their environment put together as the kubelet does."""
    manifests = overlay(name)
    maps = {each["metadata"]["name"]: each["data"] for each in manifests if each["kind"] == "ConfigMap"}
    processes = []
    for manifest in manifests:
        for container in (pod_spec(manifest) or {}).get("containers", []):
            environment: dict[str, str] = {}
            for source in container.get("envFrom", []):
                environment |= maps[source["configMapRef"]["name"]]
            secrets = set()
            for variable in container.get("env", []):
                if "valueFrom" in variable:
                    secrets.add(variable["name"])
                environment[variable["name"]] = variable.get("value", SECRETS.get(variable["name"], SECRET))
            ports = {port["containerPort"] for port in container.get("ports", [])}
            mounts = [mount["mountPath"] for mount in container["volumeMounts"]]
            processes.append(Process(manifest["metadata"]["name"], container["args"], environment, ports, mounts, secrets))
    return processes


def every_process() -> list[tuple[str, Process]]:
    """Return all processes of all ways to deploy, each with the name of its way."""
    found = [("compose", each) for each in compose_processes("compose.yaml")]
    found += [("compose with a GPU", each) for each in compose_processes("compose.yaml", "compose.gpu.yaml")]
    return found + [(name, each) for name in OVERLAYS for each in kubernetes_processes(name)]


def setting_names(model: type[BaseModel] = Settings, prefix: str = "SQUALL_") -> Iterator[str]:
    """Walk the settings tree: every environment variable that sets something."""
    for name, info in model.model_fields.items():
        variable = f"{prefix}{name.upper()}"
        inner = info.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            yield from setting_names(inner, f"{variable}__")
        else:
            yield variable
    if prefix == "SQUALL_ALERTS__":
        yield "SQUALL_ALERTS__FROM"  # a second name of `sender`


def parse_command(arguments: list[str]) -> None:
    """Parse the arguments of `squall` and run nothing.

    Raises:
        KeyError: there is no such command.
        typer's UsageError: an option or argument is wrong.
    """
    command: Any = typer.main.get_command(app)
    rest = list(arguments)
    context = command.make_context("squall", ["--help"], resilient_parsing=True)
    while hasattr(command, "commands"):
        name = rest.pop(0)
        command = command.commands[name]
    command.make_context("squall", rest, parent=context)

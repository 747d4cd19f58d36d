"""`kubectl kustomize` for what our kustomizations use; anything else in one is an error, not ignored."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

Manifest = dict[str, Any]

KNOWN = {"apiVersion", "kind", "namespace", "resources", "labels", "configMapGenerator", "patches", "images"}
MERGE_KEYS = {
    "containers": "name",
    "initContainers": "name",
    "volumes": "name",
    "env": "name",
    "volumeMounts": "mountPath",
    "ports": "containerPort",
}
"""Lists that a strategic merge patch joins by this key; other lists it replaces."""
CLUSTER_WIDE = {"Namespace", "ClusterRole", "ClusterRoleBinding", "CustomResourceDefinition"}
SCHEMALESS = {"ScaledObject", "TriggerAuthentication"}
"""Custom resources: all their lists are replaced."""


def render(folder: Path) -> list[Manifest]:
    """Return the manifests of a kustomization as kustomize would print them, but for the hash behind names.

    Raises:
        ValueError: it uses something that this does not know, names what is not there, or patches what does not exist.
    """
    manifests = _accumulate(folder)
    _rename_generated(manifests)
    return manifests


def _accumulate(folder: Path) -> list[Manifest]:
    kustomization = yaml.safe_load((folder / "kustomization.yaml").read_text())
    unknown = set(kustomization) - KNOWN
    if unknown:
        raise ValueError(f"{folder}: unknown {sorted(unknown)}")
    manifests: list[Manifest] = []
    for name in kustomization.get("resources", []):
        path = folder / name
        if not path.exists():
            raise ValueError(f"{folder}: {name} is not there")
        manifests += _accumulate(path) if path.is_dir() else [each for each in yaml.safe_load_all(path.read_text()) if each]
    for generator in kustomization.get("configMapGenerator", []):
        _generate(manifests, generator, folder)
    for patch in kustomization.get("patches", []):
        _patch(manifests, patch, folder)
    for entry in kustomization.get("labels", []):
        for manifest in manifests:
            _label(manifest, entry)
    for image in kustomization.get("images", []):
        for container in _containers(manifests):
            _replace_image(container, image)
    namespace = kustomization.get("namespace")
    for manifest in manifests:
        if namespace and manifest["kind"] not in CLUSTER_WIDE:
            manifest["metadata"]["namespace"] = namespace
    names = [(each["kind"], each["metadata"]["name"]) for each in manifests]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise ValueError(f"{folder}: {sorted(twice)} twice")
    return manifests


def _generate(manifests: list[Manifest], generator: Manifest, folder: Path) -> None:
    data: dict[str, str] = {}
    for name in generator.get("envs", []):
        data |= read_env((folder / name).read_text())
    for name in generator.get("files", []):
        data[Path(name).name] = (folder / name).read_text()
    present = [each for each in manifests if each["kind"] == "ConfigMap" and each["metadata"]["name"] == generator["name"]]
    if generator.get("behavior") == "merge":
        if not present:
            raise ValueError(f"{folder}: no ConfigMap {generator['name']} to merge with")
        present[0]["data"] |= data
    elif present:
        raise ValueError(f"{folder}: ConfigMap {generator['name']} twice, and no behavior")
    else:
        manifests.append({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": generator["name"]}, "data": data})


def read_env(text: str) -> dict[str, str]:
    """Return the variables of an env file; `#` begins a comment only at the start of a line."""
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return dict(line.split("=", 1) for line in lines)


def _patch(manifests: list[Manifest], patch: Manifest, folder: Path) -> None:
    change = yaml.safe_load((folder / patch["path"]).read_text())
    metadata = change.pop("metadata")
    wanted = patch.get("target") or {"kind": change["kind"], "name": metadata["name"]}
    met = [
        each
        for each in manifests
        if each["kind"] == wanted["kind"]
        and wanted.get("name") in (None, each["metadata"]["name"])
        and each["apiVersion"] == change["apiVersion"]
    ]
    if not met:
        raise ValueError(f"{folder}: {patch['path']} patches nothing")
    for manifest in met:
        if "namespace" in metadata and metadata["namespace"] != manifest["metadata"].get("namespace"):
            raise ValueError(f"{folder}: {patch['path']} is for another namespace")
        joined = _merge(manifest, change, "", by_key=manifest["kind"] not in SCHEMALESS)
        manifest.clear()
        manifest.update(joined)


def _merge(base: Any, change: Any, name: str, by_key: bool) -> Any:
    if isinstance(base, dict) and isinstance(change, dict):
        joined = copy.deepcopy(base)
        for key, value in change.items():
            if value is None:
                joined.pop(key, None)
            else:
                joined[key] = _merge(base[key], value, key, by_key) if key in base else copy.deepcopy(value)
        return joined
    if isinstance(base, list) and isinstance(change, list) and by_key and name in MERGE_KEYS:
        key = MERGE_KEYS[name]
        changes = {entry[key]: entry for entry in change}
        joined_list = [_merge(entry, changes.pop(entry[key]), "", by_key) if entry[key] in changes else entry for entry in base]
        return [*copy.deepcopy(list(changes.values())), *joined_list]
    return copy.deepcopy(change)


def _label(manifest: Manifest, entry: Manifest) -> None:
    if entry.get("includeSelectors"):
        raise ValueError("labels in selectors are not known here")
    manifest["metadata"].setdefault("labels", {}).update(entry["pairs"])
    template = manifest.get("spec", {}).get("template")
    if entry.get("includeTemplates") and template:
        template.setdefault("metadata", {}).setdefault("labels", {}).update(entry["pairs"])


def pod_spec(manifest: Manifest) -> Manifest | None:
    """Return the specification of the pods that a manifest makes."""
    template = manifest.get("spec", {}).get("template") if manifest["kind"] in {"Deployment", "Job", "StatefulSet", "DaemonSet"} else None
    return template["spec"] if template else None


def _containers(manifests: list[Manifest]) -> Iterator[Manifest]:
    for manifest in manifests:
        spec = pod_spec(manifest) or {}
        yield from [*spec.get("containers", []), *spec.get("initContainers", [])]


def _replace_image(container: Manifest, image: Manifest) -> None:
    name, _, tag = container["image"].rpartition(":")
    if name == image["name"]:
        container["image"] = f"{image.get('newName', name)}:{image.get('newTag', tag)}"


def _rename_generated(manifests: list[Manifest]) -> None:
    """Put a hash of the contents behind the names of ConfigMaps, and wherever they are named: a change then rolls the pods."""
    names = {}
    for manifest in manifests:
        if manifest["kind"] == "ConfigMap":
            old = manifest["metadata"]["name"]
            digest = hashlib.sha256(repr(sorted(manifest["data"].items())).encode()).hexdigest()
            names[old] = manifest["metadata"]["name"] = f"{old}-{digest[:10]}"
    for manifest in manifests:
        spec = pod_spec(manifest) or {}
        references = [volume["configMap"] for volume in spec.get("volumes", []) if "configMap" in volume]
        for container in spec.get("containers", []):
            references += [source["configMapRef"] for source in container.get("envFrom", []) if "configMapRef" in source]
        for reference in references:
            reference["name"] = names.get(reference["name"], reference["name"])

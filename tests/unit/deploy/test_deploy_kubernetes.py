"""deploy/kubernetes: every overlay, put together and checked."""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from squall.core.config.kafka import KafkaSettings
from tests.support.deployed import DEPLOY, OVERLAYS, kubernetes_processes, overlay
from tests.support.kustomize import CLUSTER_WIDE, Manifest, pod_spec, read_env, render

RENDERED = {name: overlay(name) for name in OVERLAYS}
BASE = DEPLOY / "kubernetes" / "base"
EVERY = [(name, manifest) for name, manifests in RENDERED.items() for manifest in manifests]
OWN = [(name, manifest) for name, manifest in EVERY if not manifest["apiVersion"].startswith("keda.sh/")]
"""Kinds that Kubernetes itself has."""
PODS = [(name, manifest) for name, manifest in EVERY if pod_spec(manifest)]
STAYING = [(name, manifest) for name, manifest in PODS if manifest["kind"] != "Job"]


def _ids(entries: list[tuple[str, Manifest]]) -> list[str]:
    return [f"{name}: {each['kind']} {each['metadata']['name']}" for name, each in entries]


def _of(name: str, kind: str) -> list[Manifest]:
    return [each for each in RENDERED[name] if each["kind"] == kind]


def _labels(manifest: Manifest) -> dict[str, str]:
    return dict(manifest["spec"]["template"]["metadata"]["labels"])


def _matches(selector: Manifest, labels: dict[str, str]) -> bool:
    return all(labels.get(key) == value for key, value in selector.get("matchLabels", selector).items())


@pytest.mark.parametrize(("name", "manifest"), OWN, ids=_ids(OWN))
def test_manifests_are_valid_by_the_schemas_of_kubernetes(name: str, manifest: Manifest) -> None:
    validator = pytest.importorskip("kubernetes_validate")
    for version in ("1.29", validator.latest_version().rsplit(".", 1)[0]):
        validator.validate(manifest, version, strict=True)


def test_a_wrong_manifest_would_be_found() -> None:
    validator = pytest.importorskip("kubernetes_validate")
    wrong = yaml.safe_load(yaml.safe_dump(_of("example", "Deployment")[0]))
    wrong["spec"]["template"]["spec"]["containers"][0]["readynessProbe"] = {}
    with pytest.raises(validator.ValidationError):
        validator.validate(wrong, "1.29", strict=True)


@pytest.mark.parametrize(("name", "manifest"), PODS, ids=_ids(PODS))
def test_pods_keep_to_the_restricted_standard(name: str, manifest: Manifest) -> None:
    spec = pod_spec(manifest)
    assert spec
    pod = spec["securityContext"]
    assert (pod["runAsNonRoot"], pod["runAsUser"], pod["seccompProfile"]["type"]) == (True, 10001, "RuntimeDefault")
    assert spec["automountServiceAccountToken"] is False
    assert spec["enableServiceLinks"] is False
    assert not {"hostNetwork", "hostPID", "hostIPC"} & set(spec)
    for container in spec["containers"]:
        context = container["securityContext"]
        assert context["readOnlyRootFilesystem"] is True
        assert context["allowPrivilegeEscalation"] is False
        assert context["capabilities"] == {"drop": ["ALL"]}
        assert {"cpu", "memory"} <= set(container["resources"]["requests"])
        assert {"cpu", "memory"} <= set(container["resources"]["limits"])
        assert re.search(r":\d+\.\d+\.\d+(-\w+)?$", container["image"]), "pinned by version"
        volumes = {volume["name"] for volume in spec["volumes"]}
        assert {mount["name"] for mount in container["volumeMounts"]} <= volumes
    assert all("hostPath" not in volume for volume in spec["volumes"])


@pytest.mark.parametrize(("name", "manifest"), STAYING, ids=_ids(STAYING))
def test_processes_that_stay_are_probed_on_their_metrics_port(name: str, manifest: Manifest) -> None:
    container: dict[str, Any] = manifest["spec"]["template"]["spec"]["containers"][0]
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    paths = {probe: container[f"{probe}Probe"]["httpGet"] for probe in ("startup", "liveness", "readiness")}
    assert {probe: each["path"] for probe, each in paths.items()} == {"startup": "/livez", "liveness": "/livez", "readiness": "/readyz"}
    assert {each["port"] for each in paths.values()} == {"metrics"}
    environment = {variable["name"]: variable.get("value") for variable in container["env"]}
    assert environment["SQUALL_METRICS__PORT"] == str(ports["metrics"])
    annotations = manifest["spec"]["template"]["metadata"]["annotations"]
    assert annotations["prometheus.io/port"] == str(ports["metrics"])


@pytest.mark.parametrize("name", OVERLAYS)
def test_selectors_find_their_pods_and_no_others(name: str) -> None:
    labels = {each["metadata"]["name"]: _labels(each) for each in _of(name, "Deployment")}
    for deployment in _of(name, "Deployment"):
        met = [other for other, each in labels.items() if _matches(deployment["spec"]["selector"], each)]
        assert met == [deployment["metadata"]["name"]]
    for service in _of(name, "Service"):
        [target] = [other for other, each in labels.items() if _matches(service["spec"]["selector"], each)]
        [deployment] = [each for each in _of(name, "Deployment") if each["metadata"]["name"] == target]
        ports = {port["name"]: port["containerPort"] for port in deployment["spec"]["template"]["spec"]["containers"][0]["ports"]}
        for port in service["spec"]["ports"]:
            assert ports[port["targetPort"]] == port["port"]
    budgets = [each["spec"]["selector"] for each in _of(name, "PodDisruptionBudget")]
    for deployment, each in labels.items():
        assert sum(_matches(selector, each) for selector in budgets) == 1, deployment


@pytest.mark.parametrize("name", OVERLAYS)
def test_network_policies_deny_by_default_and_let_through_what_each_process_needs(name: str) -> None:
    policies = _of(name, "NetworkPolicy")
    [deny] = [each["spec"] for each in policies if not each["spec"].get("ingress") and not each["spec"].get("egress")]
    assert sorted(deny["policyTypes"]) == ["Egress", "Ingress"]
    processes = {process.name: process for process in kubernetes_processes(name)}
    for manifest in (each for each in RENDERED[name] if pod_spec(each)):
        labels, process = _labels(manifest), processes[manifest["metadata"]["name"]]
        assert _matches(deny["podSelector"], labels)
        mine = [each["spec"] for each in policies if _matches(each["spec"]["podSelector"], labels)]
        out = {port["port"] for spec in mine for rule in spec.get("egress", []) for port in rule["ports"]}
        ranges = [
            (port["port"], port.get("endPort", port["port"])) for spec in mine for rule in spec.get("egress", []) for port in rule["ports"]
        ]
        inside = {port["port"] for spec in mine for rule in spec.get("ingress", []) for port in rule["ports"]}
        assert 53 in out
        broker = process.environment.get("SQUALL_KAFKA__BOOTSTRAP_SERVERS")
        assert broker is None or any(low <= int(broker.rpartition(":")[2]) <= high for low, high in ranges)
        store = re.search(r":(\d+)/", process.environment.get("SQUALL_STORE__URL", ""))
        assert store is None or int(store[1]) in out
        mail = process.environment.get("SQUALL_ALERTS__SMTP_PORT")
        assert mail is None or int(mail) in out
        named = {port["name"] for port in manifest["spec"]["template"]["spec"]["containers"][0].get("ports", [])}
        assert named <= inside


@pytest.mark.parametrize("name", OVERLAYS)
def test_what_fetches_feeds_reaches_the_internet_and_kafka_and_nothing_else_of_the_cluster(name: str) -> None:
    [fetcher] = [each for each in RENDERED[name] if each["kind"] == "Deployment" and "squall-link-feeds" in _labels(each)]
    policies = [each for each in _of(name, "NetworkPolicy") if _matches(each["spec"]["podSelector"], _labels(fetcher))]
    rules = {each["metadata"]["name"]: rule for each in policies for rule in each["spec"].get("egress", [])}
    assert set(rules) == {"squall-dns", "squall-to-kafka", "squall-to-feeds"}
    assert not any(low <= port <= high for port in (8123, 8443, 9000, 9440) for low, high in _ranges(rules["squall-to-kafka"]))
    [internet] = [target["ipBlock"] for target in rules["squall-to-feeds"]["to"]]
    closed = [ipaddress.ip_network(each) for each in internet["except"]]
    for address in ("0.0.0.1", "10.0.0.1", "100.64.0.1", "127.0.0.1", "169.254.169.254", "168.63.129.16", "172.16.0.1", "192.168.0.1"):
        assert any(ipaddress.ip_address(address) in network for network in closed), address
    assert internet["cidr"] == "0.0.0.0/0", "IPv6 stays closed"


def _ranges(rule: Manifest) -> list[tuple[int, int]]:
    return [(port["port"], port.get("endPort", port["port"])) for port in rule["ports"]]


@pytest.mark.parametrize("name", OVERLAYS)
def test_what_is_referred_to_is_there(name: str) -> None:
    maps = {each["metadata"]["name"]: each["data"] for each in _of(name, "ConfigMap")}
    claims = {each["metadata"]["name"] for each in _of(name, "PersistentVolumeClaim")}
    accounts = {each["metadata"]["name"] for each in _of(name, "ServiceAccount")}
    secret = yaml.safe_load((BASE / "secret.yaml.example").read_text())
    for manifest in RENDERED[name]:
        spec = pod_spec(manifest)
        if not spec:
            continue
        assert spec["serviceAccountName"] in accounts
        for volume in spec["volumes"]:
            assert volume.get("configMap", {}).get("name") in {None, *maps}
            assert volume.get("persistentVolumeClaim", {}).get("claimName") in {None, *claims}
        for variable in spec["containers"][0].get("env", []):
            reference = variable.get("valueFrom", {}).get("secretKeyRef")
            if reference:
                assert reference["name"] == secret["metadata"]["name"]
                assert reference["key"] == variable["name"]
                assert reference["key"] in secret["stringData"]
    [feeds] = [data for map_name, data in maps.items() if map_name.startswith("squall-feeds-")]
    [rss] = [process for process in kubernetes_processes(name) if process.kind == "ingest rss"]
    path = Path(rss.arguments[-1])
    assert path.name in feeds
    assert str(path.parent) in rss.mounts


@pytest.mark.parametrize("name", OVERLAYS)
def test_everything_is_in_one_namespace_and_no_secret_is_among_it(name: str) -> None:
    for manifest in RENDERED[name]:
        assert manifest["kind"] != "Secret"
        if manifest["kind"] not in CLUSTER_WIDE:
            assert manifest["metadata"]["namespace"] == "squall"
    secret = yaml.safe_load((BASE / "secret.yaml.example").read_text())
    assert not any(secret["stringData"].values())


@pytest.mark.parametrize("name", OVERLAYS)
def test_keda_asks_for_the_lag_of_the_topic_and_group_that_the_workers_read(name: str) -> None:
    [scaled] = _of(name, "ScaledObject")
    assert scaled["apiVersion"] == "keda.sh/v1alpha1"
    spec = scaled["spec"]
    known = {
        "scaleTargetRef",
        "minReplicaCount",
        "maxReplicaCount",
        "pollingInterval",
        "cooldownPeriod",
        "fallback",
        "advanced",
        "triggers",
    }
    assert set(spec) <= known
    [worker] = [each for each in _of(name, "Deployment") if each["metadata"]["name"] == spec["scaleTargetRef"]["name"]]
    assert "replicas" not in worker["spec"], "KEDA sets it; every apply would set it back"
    [process] = [each for each in kubernetes_processes(name) if each.kind == "worker"]
    [trigger] = spec["triggers"]
    metadata = trigger["metadata"]
    defaults = KafkaSettings()
    assert trigger["type"] == "kafka"
    assert all(isinstance(value, str) for value in metadata.values())
    assert metadata["bootstrapServers"] == process.environment["SQUALL_KAFKA__BOOTSTRAP_SERVERS"]
    assert metadata["consumerGroup"] == process.environment.get("SQUALL_KAFKA__GROUP_ID", defaults.group_id)
    assert metadata["topic"] == process.environment.get("SQUALL_KAFKA__DOCUMENTS_TOPIC", defaults.documents_topic)
    partitions = int(process.environment["SQUALL_KAFKA__PARTITIONS"])
    assert 1 <= spec["minReplicaCount"] <= spec["fallback"]["replicas"] <= spec["maxReplicaCount"] <= partitions
    security = process.environment.get("SQUALL_KAFKA__SECURITY", "plaintext")
    assert metadata.get("tls", "disable") == ("enable" if security.endswith("tls") else "disable")
    mechanism = process.environment.get("SQUALL_KAFKA__SASL_MECHANISM", defaults.sasl_mechanism)
    names = {"PLAIN": "plaintext", "SCRAM-SHA-256": "scram_sha256", "SCRAM-SHA-512": "scram_sha512"}
    assert metadata.get("sasl", "none") == (names[mechanism] if security.startswith("sasl") else "none")
    [login] = _of(name, "TriggerAuthentication")
    assert trigger["authenticationRef"]["name"] == login["metadata"]["name"]
    assert {each["parameter"] for each in login["spec"]["secretTargetRef"]} == {"username", "password", "ca"}


def test_more_workers_than_partitions_would_be_found() -> None:
    partitions = int(read_env((BASE / "kafka.env").read_text())["SQUALL_KAFKA__PARTITIONS"])
    assert _of("example", "ScaledObject")[0]["spec"]["maxReplicaCount"] <= partitions


def test_the_gpu_overlay_changes_the_workers_only() -> None:
    def others(name: str) -> list[Manifest]:
        return [each for each in RENDERED[name] if each["metadata"]["name"] != "squall-worker"]

    assert others("example") == others("gpu")
    [worker] = [each for each in _of("gpu", "Deployment") if each["metadata"]["name"] == "squall-worker"]
    container = worker["spec"]["template"]["spec"]["containers"][0]
    assert container["resources"]["limits"]["nvidia.com/gpu"] == container["resources"]["requests"]["nvidia.com/gpu"] == 1
    assert container["image"].endswith("-cuda")
    assert {"name": "SQUALL_MODEL__DEVICE", "value": "cuda"} in container["env"]


def test_a_changed_setting_changes_the_name_of_its_config_map(tmp_path: Path) -> None:
    (tmp_path / "kustomization.yaml").write_text("configMapGenerator: [{name: settings, envs: [a.env]}]\n")
    names = set()
    for value in ("1", "2"):
        (tmp_path / "a.env").write_text(f"# comment\nA={value}=#x\n")
        [made] = render(tmp_path)
        assert made["data"] == {"A": f"{value}=#x"}
        names.add(made["metadata"]["name"])
    assert len(names) == 2


@pytest.mark.parametrize(
    ("kustomization", "says"),
    [
        ("nameprefix: a-", "unknown"),
        ("resources: [b.yaml]", "not there"),
        ("patches: [{path: p.yaml}]", "patches nothing"),
        ("configMapGenerator: [{name: a, behavior: merge}]", "merge with"),
    ],
)
def test_a_wrong_kustomization_is_an_error(tmp_path: Path, kustomization: str, says: str) -> None:
    (tmp_path / "kustomization.yaml").write_text(kustomization)
    (tmp_path / "p.yaml").write_text("{apiVersion: v1, kind: Service, metadata: {name: nobody}}")
    with pytest.raises(ValueError, match=says):
        render(tmp_path)


COMPONENTS = BASE.parent / "components"


def _component(name: str) -> list[Manifest]:
    kustomization = yaml.safe_load((COMPONENTS / name / "kustomization.yaml").read_text())
    assert (kustomization["kind"], kustomization["apiVersion"]) == ("Component", "kustomize.config.k8s.io/v1alpha1")
    return [yaml.safe_load((COMPONENTS / name / file).read_text()) for file in kustomization["resources"]]


def test_the_ingress_leads_to_the_services_that_there_are() -> None:
    validator = pytest.importorskip("kubernetes_validate")
    [ingress] = _component("ingress")
    validator.validate(ingress, "1.29", strict=True)
    services = {each["metadata"]["name"]: {port["name"] for port in each["spec"]["ports"]} for each in _of("example", "Service")}
    backends = [path["backend"]["service"] for rule in ingress["spec"]["rules"] for path in rule["http"]["paths"]]
    assert {each["name"] for each in backends} == {"squall-web", "squall-push"}
    assert all(each["port"]["name"] in services[each["name"]] for each in backends)
    assert {rule["host"] for rule in ingress["spec"]["rules"]} == set(ingress["spec"]["tls"][0]["hosts"])


def test_prometheus_operator_scrapes_every_process_under_the_job_that_the_rules_expect() -> None:
    monitor, rule = _component("prometheus-operator")
    assert (monitor["kind"], rule["kind"]) == ("PodMonitor", "PrometheusRule")
    assert {monitor["apiVersion"], rule["apiVersion"]} == {"monitoring.coreos.com/v1"}
    [endpoint] = monitor["spec"]["podMetricsEndpoints"]
    [relabeling] = endpoint["relabelings"]
    jobs = {each["job_name"] for each in yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text())["scrape_configs"]}
    for deployment in _of("example", "Deployment"):
        labels = _labels(deployment)
        assert _matches(monitor["spec"]["selector"], labels)
        ports = deployment["spec"]["template"]["spec"]["containers"][0]["ports"]
        assert endpoint["port"] in {port["name"] for port in ports}
        found = re.fullmatch(relabeling["regex"], labels["app.kubernetes.io/component"])
        assert found
        assert relabeling["replacement"].replace("$1", found[1]) in jobs
    assert rule["spec"] == yaml.safe_load((DEPLOY / "prometheus" / "alerts.yaml").read_text()), "make kubernetes-rules"


def test_jobs_wait_for_what_they_need_without_a_deadline() -> None:
    for job in _of("example", "Job"):
        assert "activeDeadlineSeconds" not in job["spec"]
        assert job["spec"]["backoffLimit"] >= 20

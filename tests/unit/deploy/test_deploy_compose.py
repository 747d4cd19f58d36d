"""deploy/compose.yaml, read as `docker compose` reads it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from tests.support.deployed import DEPLOY, SECRET, compose, compose_processes, full_compose, is_ours, required_variables

SCHEMA = Path(__file__).with_name("schemas") / "compose-spec.json"
WRITES_INTO_ITS_ROOT = {"kafka", "clickhouse"}
"""Entry points of these images write configuration beside what they ship."""
ONCE = {"migrate", "kafka-setup"}

STACK = full_compose("compose.yaml")
SERVICES: dict[str, dict[str, Any]] = STACK["services"]


@pytest.mark.parametrize(
    "names",
    [("compose.yaml",), ("compose.gpu.yaml",), ("compose.yaml", "compose.gpu.yaml"), ("compose.yaml", "compose.small.yaml")],
    ids=" and ".join,
)
def test_it_is_valid_by_the_compose_specification(names: tuple[str, ...]) -> None:
    validator = Draft202012Validator(json.loads(SCHEMA.read_text()))
    problems = [f"{list(error.absolute_path)}: {error.message}" for error in validator.iter_errors(full_compose(*names))]
    assert not problems


def test_a_key_that_compose_does_not_know_would_be_found() -> None:
    validator = Draft202012Validator(json.loads(SCHEMA.read_text()))
    wrong = {"services": {"worker": {"image": "squall:0.1.0", "memory_limit": "1g"}}}
    assert list(validator.iter_errors(wrong))


def test_it_does_not_start_while_a_secret_is_missing() -> None:
    required = required_variables((DEPLOY / "compose.yaml").read_text())
    assert required >= {
        "CLICKHOUSE_PASSWORD",
        "GRAFANA_CLICKHOUSE_PASSWORD",
        "GRAFANA_ADMIN_PASSWORD",
        "SQUALL_WEB__TOKEN",
        "PUSH_TOKEN",
    }
    for missing in required:
        given = dict.fromkeys(required - {missing}, SECRET)
        with pytest.raises(KeyError, match=missing):
            compose("compose.yaml", **given)


def test_the_example_of_the_env_file_names_what_is_required_and_gives_no_secret() -> None:
    lines = (DEPLOY / ".env.example").read_text().splitlines()
    named = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    assert set(named) == required_variables((DEPLOY / "compose.yaml").read_text())
    assert not any(named.values())
    optional = {line[2:].split("=")[0] for line in lines if re.match(r"# [A-Z_]+=", line)}
    used = set(re.findall(r"\$\{(\w+):-", (DEPLOY / "compose.yaml").read_text()))
    assert optional == used


@pytest.mark.parametrize("name", SERVICES)
def test_containers_can_do_little(name: str) -> None:
    service = SERVICES[name]
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert re.fullmatch(r"[1-9]\d*:\d+", service["user"]), "a number, not root"
    assert service.get("read_only", False) or name in WRITES_INTO_ITS_ROOT
    assert not {"privileged", "cap_add", "pid", "ipc", "network_mode"} & set(service)


@pytest.mark.parametrize("name", SERVICES)
def test_containers_have_limits(name: str) -> None:
    service = SERVICES[name]
    assert re.fullmatch(r"\d+(m|g)", service["mem_limit"])
    assert service["cpus"] > 0
    assert service["logging"]["options"]["max-size"]


def _gigabytes(names: tuple[str, ...]) -> float:
    """Return the memory limits of what stays, of a worker as often as there is one."""
    services = full_compose(*names)["services"]
    staying = [service for name, service in services.items() if name not in ONCE and "profiles" not in service]
    units = {"m": 1 / 1024, "g": 1.0}
    return sum(int(each["mem_limit"][:-1]) * units[each["mem_limit"][-1]] * int(each.get("scale", 1)) for each in staying)


@pytest.mark.parametrize(
    ("names", "most"), [(("compose.yaml", "compose.small.yaml"), 8), (("compose.yaml",), 16)], ids=["small", "default"]
)
def test_limits_fit_the_machine_that_the_page_names_and_two_cores(names: tuple[str, ...], most: int) -> None:
    assert _gigabytes(names) <= most - 0.25
    assert all(float(service["cpus"]) <= 2 for service in full_compose(*names)["services"].values()), "Docker refuses more than there are"
    page = (DEPLOY.parent / "docs" / "getting-started.md").read_text()
    assert f"| {most} GB |" in page


@pytest.mark.parametrize("name", SERVICES)
def test_images_are_pinned_by_version(name: str) -> None:
    tag = SERVICES[name]["image"].rpartition(":")[2]
    assert re.match(r"v?\d+\.\d+\.\d+", tag)


@pytest.mark.parametrize("name", SERVICES)
def test_nothing_is_published_beyond_this_machine(name: str) -> None:
    assert all(str(port).startswith("127.0.0.1:") for port in SERVICES[name].get("ports", []))


def test_published_ports_are_all_different() -> None:
    ports = [port.split(":")[1] for service in SERVICES.values() for port in service.get("ports", [])]
    assert len(ports) == len(set(ports))


def test_everything_that_stays_is_watched_and_started_again() -> None:
    for name, service in SERVICES.items():
        if name in ONCE:
            assert service["restart"].startswith("on-failure")
        else:
            assert service["restart"] == "unless-stopped"
            assert is_ours(service) or service["healthcheck"]["test"][0] == "CMD"


def test_services_wait_for_what_they_need() -> None:
    for name, service in SERVICES.items():
        for other, how in service.get("depends_on", {}).items():
            wanted = "service_completed_successfully" if other in ONCE else "service_healthy"
            assert (other in SERVICES, how["condition"]) == (True, wanted), name
    assert set(SERVICES["worker"]["depends_on"]) == ONCE
    assert "clickhouse" in SERVICES["migrate"]["depends_on"]
    assert "kafka" in SERVICES["kafka-setup"]["depends_on"]


def test_named_volumes_and_networks_are_declared_and_files_are_there() -> None:
    for name, service in SERVICES.items():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            if source.startswith("."):
                assert (DEPLOY / source).exists(), f"{name}: {source}"
                assert volume.endswith(":ro"), f"{name}: {source}"
            else:
                assert source in STACK["volumes"]
        assert set(service["networks"]) <= set(STACK["networks"])
        if service.get("ports"):
            assert "outside" in service["networks"], f"{name}: ports of an internal network are not published"


def test_workers_and_the_store_have_no_way_out() -> None:
    for name in ("worker", "clickhouse", "migrate", "kafka-setup"):
        assert all(STACK["networks"][network]["internal"] for network in SERVICES[name]["networks"])


def test_a_process_meets_the_store_and_kafka_exactly_where_it_needs_them() -> None:
    """What fetches feeds, and follows their redirects, can't reach the store, whatever it is told to fetch."""
    store, kafka = set(SERVICES["clickhouse"]["networks"]), set(SERVICES["kafka"]["networks"])
    processes = {process.name: process for process in compose_processes("compose.yaml")}
    for name, process in processes.items():
        networks = set(SERVICES[name]["networks"])
        assert bool(networks & store) == ("SQUALL_STORE__URL" in process.environment), name
        assert networks & kafka or "SQUALL_KAFKA__BOOTSTRAP_SERVERS" not in process.environment, name
    assert not set(SERVICES["ingest-rss"]["networks"]) & store
    published = {network for service in SERVICES.values() if service.get("ports") for network in service["networks"]} - {"inside"}
    assert set(SERVICES["ingest-rss"]["networks"]) - {"inside"} == {"feeds"}
    assert "feeds" not in published


def test_processes_talk_to_services_on_the_ports_that_these_listen_on() -> None:
    listeners = SERVICES["kafka"]["environment"]["KAFKA_ADVERTISED_LISTENERS"]
    datasource = SERVICES["grafana"]["environment"]
    assert (datasource["SQUALL_CLICKHOUSE_HOST"], datasource["SQUALL_CLICKHOUSE_PORT"]) == ("clickhouse", "9000")
    for process in compose_processes("compose.yaml"):
        broker = process.environment.get("SQUALL_KAFKA__BOOTSTRAP_SERVERS", "kafka:9092")
        assert f"INSIDE://{broker}," in listeners
        assert "@clickhouse:9000/" in process.environment.get("SQUALL_STORE__URL", "@clickhouse:9000/")
        assert process.environment.get("SQUALL_ALERTS__SMTP_HOST", "mailpit") in SERVICES
        assert process.environment.get("SQUALL_ALERTS__SMTP_PORT", "1025") == "1025", "where Mailpit takes mails"


def test_grafana_gets_every_variable_of_its_provisioning_and_the_dashboards_where_it_looks() -> None:
    datasource = (DEPLOY / "grafana/provisioning/datasources/squall.yaml").read_text()
    environment = SERVICES["grafana"]["environment"]
    assert set(re.findall(r"\$(\w+)", datasource)) <= set(environment)
    provider = yaml.safe_load((DEPLOY / "grafana/provisioning/dashboards/squall.yaml").read_text())["providers"][0]
    mounts = {volume.split(":")[1]: volume.split(":")[0] for volume in SERVICES["grafana"]["volumes"]}
    folder = DEPLOY / mounts[provider["options"]["path"]]
    home = Path(environment["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"])
    assert str(home.parent) == provider["options"]["path"]
    assert (folder / home.name).is_file()
    assert SERVICES["grafana"]["image"] in (DEPLOY / "grafana/README.md").read_text()


def test_the_cluster_id_of_kafka_is_sixteen_bytes() -> None:
    import base64

    assert len(base64.urlsafe_b64decode(SERVICES["kafka"]["environment"]["CLUSTER_ID"] + "==")) == 16


def test_prometheus_scrapes_services_of_this_file_where_they_serve_metrics() -> None:
    config = DEPLOY / "prometheus" / "prometheus.yml"
    if not config.exists():
        pytest.skip("no Prometheus configuration")
    ports = {}
    for process in compose_processes("compose.yaml"):
        networks = SERVICES[process.name]["networks"]
        aliases = (networks["inside"] or {}).get("aliases", []) if isinstance(networks, dict) else []
        for name in (process.name, *aliases):
            ports[name] = process.environment.get("SQUALL_METRICS__PORT")
    targets = []
    for job in yaml.safe_load(config.read_text())["scrape_configs"]:
        targets += [(name, str(each["port"])) for each in job.get("dns_sd_configs", []) for name in each["names"]]
        targets += [tuple(target.rsplit(":", 1)) for each in job.get("static_configs", []) for target in each["targets"]]
    assert {name for name, _ in targets} >= {"worker", "detector", "web"}
    assert all(ports[name] == port for name, port in targets)


def test_prometheus_sends_alerts_to_an_alertmanager_of_this_file_whose_receivers_there_are() -> None:
    config = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text())
    [target] = config["alerting"]["alertmanagers"][0]["static_configs"][0]["targets"]
    service = SERVICES[target.split(":")[0]]
    assert f"127.0.0.1:{target.split(':')[1]}:{target.split(':')[1]}" in service["ports"]
    alertmanager = yaml.safe_load((DEPLOY / "prometheus" / "alertmanager.yml").read_text())
    assert alertmanager["route"]["receiver"] in {receiver["name"] for receiver in alertmanager["receivers"]}
    assert alertmanager["global"]["smtp_smarthost"].split(":")[0] in SERVICES


def test_the_plugin_of_grafana_is_pinned() -> None:
    plugin = SERVICES["grafana"]["environment"]["GF_PLUGINS_PREINSTALL"]
    assert re.fullmatch(r"grafana-clickhouse-datasource@\d+\.\d+\.\d+", plugin)
    assert plugin in (DEPLOY / "grafana" / "README.md").read_text()


def test_the_gpu_file_changes_the_workers_only() -> None:
    with_gpu = full_compose("compose.yaml", "compose.gpu.yaml")["services"]
    assert {name for name in SERVICES if with_gpu[name] != SERVICES[name]} == {"worker"}
    worker = with_gpu["worker"]
    assert worker["build"]["target"] == "cuda"
    assert worker["image"].endswith("-cuda")
    assert worker["deploy"]["resources"]["reservations"]["devices"][0]["capabilities"] == ["gpu"]
    assert worker["environment"]["SQUALL_KAFKA__BOOTSTRAP_SERVERS"] == "kafka:9092"
    assert worker["environment"]["SQUALL_MODEL__DEVICE"] == "cuda"

"""The catalogue of metrics, and what is made of it: exposition, page, alert rules."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from squall.core.observability.catalogue import CATALOGUE, METRICS
from squall.core.observability.docs import page
from squall.core.observability.metric_spec import OTHER, PREFIX, REASONS, MetricType
from squall.core.observability.metrics import Metrics, ModelReading
from squall.core.observability.source_activity import SourceSilence
from tests.support.doubles import batch_report

ROOT = Path(__file__).resolve().parents[3]
RULES = ROOT / "deploy" / "prometheus" / "alerts.yaml"
RUNBOOK = ROOT / "docs" / "runbook.md"
READING = ModelReading("m1", 1, 2, 3, 4, 5, 6.0, 7, 8, 9, 10, 11)


def rules() -> list[dict[str, Any]]:
    return [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]


def test_every_metric_says_what_it_means_and_what_to_do() -> None:
    assert len(METRICS) == sum(len(part.metrics) for part in CATALOGUE), "a name is there twice"
    for metric in METRICS.values():
        assert re.fullmatch(PREFIX + "[a-z_]+", metric.name), metric.name
        assert metric.help.endswith("."), metric.name
        assert metric.action.endswith("."), metric.name
        assert metric.unit, metric.name
        assert (metric.type is MetricType.COUNTER) == metric.name.endswith("_total"), metric.name
        assert bool(metric.buckets) == (metric.type is MetricType.HISTOGRAM), metric.name
        assert list(metric.buckets) == sorted(set(metric.buckets)), metric.name
        if metric.unit == "seconds":
            assert "_seconds" in metric.name, metric.name


def test_label_values_are_bounded_but_for_versions_and_configured_sources() -> None:
    unbounded = {(metric.name, label.name) for metric in METRICS.values() for label in metric.labels if not label.values}
    assert unbounded == {
        ("squall_build_info", "version"),
        ("squall_build_info", "model_version"),
        ("squall_source_document_age_seconds", "source"),
        ("squall_source_contact_age_seconds", "source"),
        ("squall_source_failing", "source"),
        ("squall_source_gaps_total", "source"),
    }
    assert sum(prod([len(label.values) or 1 for label in metric.labels]) * (len(metric.buckets) or 1) for metric in METRICS.values()) < 400


def prod(numbers: list[int]) -> int:
    total = 1
    for number in numbers:
        total *= number
    return total


def test_every_reason_the_code_rejects_for_is_in_the_catalogue() -> None:
    found = set()
    for room in ("core", "ingest", "stream"):
        for file in (ROOT / room).rglob("*.py"):
            found |= set(re.findall(r"(?:InvalidRecordError|InvalidFieldError|Rejection)\(\s*\"(\w+)\"", file.read_text()))
    assert len(found) > 10
    assert found - set(REASONS) == set()


def test_docs_metrics_is_what_the_catalogue_says() -> None:
    assert (ROOT / "docs" / "metrics.md").read_text() == page(), "run `python -m squall.core.observability.docs > docs/metrics.md`"


def test_what_is_exported_is_in_the_catalogue_with_its_type_and_labels() -> None:
    metrics = Metrics()
    record_everything(metrics)
    exported = {}
    for family in metrics.registry.collect():
        name = family.name + ("_total" if family.type == "counter" else "")
        exported[name] = family
        metric = METRICS[name]
        assert (family.type, family.documentation) == (metric.type.value, metric.help)
        for sample in family.samples:
            labels = {key: value for key, value in sample.labels.items() if key != "le"}
            assert tuple(labels) == metric.label_names
            assert all(label.bounded(labels[label.name]) == labels[label.name] for label in metric.labels), labels
    assert set(exported) == set(METRICS)


def record_everything(metrics: Metrics) -> None:
    now = metrics._clock.now()
    metrics.build("0")
    metrics.watch_model(lambda: READING)
    metrics.watch_dependencies(lambda: {"store": True})
    metrics.watch_sources(lambda: {"rss": SourceSilence(2.0, 1.0)})
    metrics.lag(1)
    metrics.batch(batch_report(stored=1, reasons=("x",)))
    metrics.detector_run("ok", 1.0, leader=True)
    metrics.evaluated(now, now)
    metrics.stories(1, now)
    metrics.open_alerts(1)
    metrics.messages_waiting(1)


def test_a_reason_of_another_version_counts_as_other() -> None:
    metrics = Metrics()
    metrics.dead_letters("worker", ["invented_later", "broken_json"])
    value = metrics.registry.get_sample_value
    assert value("squall_dead_letters_total", {"stage": "worker", "reason": OTHER}) == 1
    assert value("squall_dead_letters_total", {"stage": "worker", "reason": "broken_json"}) == 1
    metrics.source_documents("file", 3)
    metrics.source_documents("/home/someone/secret.csv", 2)
    assert value("squall_source_documents_total", {"source": "other"}) == 2


def test_rules_use_metrics_that_exist_with_labels_they_have() -> None:
    for rule in rules():
        expression = rule["expr"]
        used = re.findall(r"\b(squall_\w+)(?:\{([^}]*)\})?", expression)
        assert used or "up{" in expression, rule["alert"]
        for name, selector in used:
            metric = METRICS[name.removesuffix("_bucket") if name.endswith("_bucket") else name]
            assert name.endswith("_bucket") == (metric.type is MetricType.HISTOGRAM), f"{rule['alert']}: {name}"
            labels = {label.name: label for label in metric.labels}
            for label, operator, value in re.findall(r"(\w+)\s*(!?=~?)\s*\"([^\"]*)\"", selector):
                assert label in labels, f"{rule['alert']}: {label}"
                if labels[label].values:
                    assert set(value.split("|") if "~" in operator else [value]) <= set(labels[label].values), f"{rule['alert']}: {value}"
        grouped = {word.strip() for words in re.findall(r"by \(([^)]*)\)", expression) for word in words.split(",")}
        assert grouped <= {"le"} | {label.name for name, _ in used for label in METRICS[name.removesuffix("_bucket")].labels}, rule["alert"]


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule["alert"])
def test_a_rule_says_what_to_do_in_the_runbook(rule: dict[str, Any]) -> None:
    assert rule["labels"]["severity"] in {"critical", "warning", "info"}
    assert set(rule["annotations"]) == {"summary", "description", "runbook_url"}
    file, _, anchor = rule["annotations"]["runbook_url"].partition("#")
    assert (ROOT / file) == RUNBOOK
    headings = re.findall(r"^## (.+)$", RUNBOOK.read_text(), re.MULTILINE)
    assert rule["alert"] in headings
    assert anchor == rule["alert"].lower()


def test_the_runbook_has_no_section_for_a_rule_that_is_gone() -> None:
    assert set(re.findall(r"^## (.+)$", RUNBOOK.read_text(), re.MULTILINE)) == {rule["alert"] for rule in rules()}


def test_metrics_and_settings_named_in_the_runbook_exist() -> None:
    from squall.core.config.reference import settings_in

    text = RUNBOOK.read_text()
    variables = {setting.variable for setting in settings_in()} | {"SQUALL_ALERTS__FROM"}  # the name of `sender`
    assert {name for name in re.findall(r"SQUALL_[A-Z_]+", text) if name not in variables} == set()
    assert {name for name in re.findall(r"`?\b(squall_[a-z_]+)\b", text) if name not in METRICS} == set()

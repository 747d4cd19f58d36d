"""The metric catalogue as a documentation page: `python -m squall.core.observability.docs > docs/metrics.md`."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from squall.core.observability.catalogue import CATALOGUE
from squall.core.observability.metric_spec import Metric, MetricGroup

_HEAD = """\
# Metrics

Every long-running command serves Prometheus metrics and two probes when `SQUALL_METRICS__PORT` is set (default 0: off), on
`SQUALL_METRICS__HOST` (default 127.0.0.1). The endpoint has no login: make it reachable for Prometheus and the probes only. Each process
needs a port of its own. Requests by address or private name are answered, those by a public name only if `SQUALL_METRICS__ALLOWED_HOSTS`
has it ([security](security.md#host-and-origin)). The probes are answered however many connections others hold.

| path | response |
| --- | --- |
| `/metrics` | the metrics listed here, and `process_*` and `python_*` |
| `/livez` | 200 while work makes progress or there is none; 503 when a part made no progress for `SQUALL_METRICS__PATIENCE_SECONDS` |
| `/readyz` | 200 when every dependency answered the last request; 503 with the names of those that did not |

A worker that waits for an unavailable store is alive but not ready: it continues by itself, and a restart would not help. A worker whose
loop hangs is not alive, even though this endpoint still answers: the endpoint has its own thread.

Counters and histograms are exported from the start, at 0; gauges once their value is known. Labels have the values listed here and no
others. Alert rules for these metrics are in [deploy/prometheus](../deploy/prometheus/alerts.yaml); the [runbook](runbook.md) says what to
do when one fires. Grafana's pipeline dashboard shows much of this from the store, without Prometheus ([dashboards](dashboards.md)).

This page is generated from `core/observability/catalogue.py`. Change the catalogue, then run
`python -m squall.core.observability.docs > docs/metrics.md`.
"""


def page() -> str:
    """Return docs/metrics.md."""
    return "\n".join([_HEAD, *(line for group in CATALOGUE for line in _group(group))])


def _group(group: MetricGroup) -> Iterator[str]:
    yield f"## {group.title}\n"
    yield f"Exported by {group.exported_by}.\n"
    yield "| metric | type | unit | meaning | what to do |"
    yield "| --- | --- | --- | --- | --- |"
    for metric in group.metrics:
        yield f"| {_name(metric)} | {metric.type.value} | {metric.unit} | {metric.help} | {metric.action} |"
    yield ""
    for metric in group.metrics:
        if metric.buckets:
            yield f"- Buckets of `{metric.name}`: {', '.join(f'{bound:g}' for bound in metric.buckets)}"
        for label in metric.labels:
            values = ", ".join(f"`{value}`" for value in label.values) or f"one for {label.one_for}"
            yield f"- `{label.name}` of `{metric.name}`: {values}"
    yield ""


def _name(metric: Metric) -> str:
    labels = ", ".join(metric.label_names)
    return f"`{metric.name}{{{labels}}}`" if labels else f"`{metric.name}`"


if __name__ == "__main__":
    sys.stdout.write(page())

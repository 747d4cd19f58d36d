"""The catalogue of metrics as a page for people: `python -m squall.core.observability.docs > docs/metrics.md`."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from squall.core.observability.catalogue import CATALOGUE
from squall.core.observability.metric_spec import Metric, Part

_HEAD = """\
# Metrics

Every long-running command serves Prometheus metrics and two probes when `SQUALL_METRICS__PORT` is set (0, the default: off), on
`SQUALL_METRICS__HOST` (127.0.0.1). There is no login: let only Prometheus and the probes reach it. Each process needs its own port.

| path | answers |
| --- | --- |
| `/metrics` | what is listed here, and `process_*` and `python_*` |
| `/livez` | 200 while the work makes progress or there is none; 503 when a part was silent for `SQUALL_METRICS__PATIENCE_SECONDS` |
| `/readyz` | 200 when every dependency answered when last asked; 503 with the names of those that did not |

A worker that waits for a store which is down is alive and not ready: it goes on by itself, and a restart would mend nothing. A worker whose
loop hangs is not alive, though this endpoint still answers: it has a thread of its own.

A counter or histogram is there from the start, at 0; a gauge once it is known. Labels have the values listed here and no others. Alert
rules over these metrics are in [deploy/prometheus](../deploy/prometheus/alerts.yaml), what to do when one fires in the
[runbook](runbook.md). Grafana's pipeline dashboard shows much of it from the store, without a Prometheus ([dashboards](dashboards.md)).

This page is made from `core/observability/catalogue.py`; change it there, then run
`python -m squall.core.observability.docs > docs/metrics.md`.
"""


def page() -> str:
    """Return docs/metrics.md."""
    return "\n".join([_HEAD, *(line for part in CATALOGUE for line in _part(part))])


def _part(part: Part) -> Iterator[str]:
    yield f"## {part.title}\n"
    yield f"Told by {part.told_by}.\n"
    yield "| metric | type | unit | meaning | when it moves |"
    yield "| --- | --- | --- | --- | --- |"
    for metric in part.metrics:
        yield f"| {_name(metric)} | {metric.kind.value} | {metric.unit} | {metric.means} | {metric.action} |"
    yield ""
    for metric in part.metrics:
        if metric.buckets:
            yield f"- Buckets of `{metric.name}`: {', '.join(f'{bound:g}' for bound in metric.buckets)}"
        for label in metric.labels:
            values = ", ".join(f"`{value}`" for value in label.values) or "one for each release or checkpoint in use"
            yield f"- `{label.name}` of `{metric.name}`: {values}"
    yield ""


def _name(metric: Metric) -> str:
    labels = ", ".join(metric.label_names)
    return f"`{metric.name}{{{labels}}}`" if labels else f"`{metric.name}`"


if __name__ == "__main__":
    sys.stdout.write(page())

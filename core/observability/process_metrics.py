"""Metrics of the process itself: its dependencies and its versions."""

from __future__ import annotations

from squall.core.observability.metric_spec import Dependency, Label, Metric, MetricType, label

DEPENDENCY_UP = Metric(
    "squall_dependency_up",
    MetricType.GAUGE,
    "0 or 1",
    "Whether a dependency answered the last request; /readyz reports the same.",
    "0: check that dependency. The process waits for it and continues by itself.",
    (label("dependency", Dependency),),
)
BUILD = Metric(
    "squall_build_info",
    MetricType.GAUGE,
    "always 1",
    "Versions of Squall and of the model that this process runs.",
    "Two model versions for a long time: a rollout stopped half-way. Their scores differ.",
    (Label("version"), Label("model_version")),
)

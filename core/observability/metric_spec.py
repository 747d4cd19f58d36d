"""The types of the metric catalogue, and the values that each label may have."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal, get_args

PREFIX: Final = "squall_"
OTHER: Final = "other"
"""Label value for anything that is not on the list of a label."""

Stage = Literal["ingest", "worker"]
Dependency = Literal["store", "broker", "receivers", "model", "page"]
SourceKind = Literal["rss", "file", "push", "replay", "other"]
FetchOutcome = Literal["news", "unchanged", "failed", "paused"]
ArticleOutcome = Literal["read", "known", "no_text", "robots", "refused", "not_html", "failed", "left_out"]
PushOutcome = Literal["accepted", "refused", "unauthorised", "forbidden", "busy", "unavailable"]
StoreOperation = Literal["select", "insert", "command"]
CallOutcome = Literal["ok", "unavailable", "error"]
RunOutcome = Literal["ok", "waiting", "standby", "failed"]
AlertEvent = Literal["fired", "escalated", "resolved"]
MessageOutcome = Literal["sent", "unavailable", "refused"]
TokenKind = Literal["text", "padding"]
FateName = Literal["stored", "duplicate", "rejected"]
VersionFate = Literal["stored", "left_out"]
LANGUAGES: Final = (
    *("ar", "bg", "bn", "ca", "cs", "da", "de", "el", "en", "es", "et", "fa", "fi", "fil", "fr", "he", "hi", "hr", "hu", "id", "it", "ja"),
    *("ko", "lt", "lv", "ms", "nl", "no", "pl", "pt", "ro", "ru", "sk", "sl", "sr", "sv", "sw", "th", "tr", "uk", "ur", "vi", "zh", OTHER),
)
"""Of documents; a language that is not among them counts as `other`."""

REASONS: Final = (
    "broken_avro",
    "broken_compression",
    "broken_csv",
    "broken_encoding",
    "broken_file",
    "broken_json",
    "broken_mail",
    "broken_markup",
    "broken_row",
    "empty_message",
    "invalid_field",
    "lost_digits",
    "missing_field",
    "not_an_object",
    "scoring_failed",
    "too_large",
    "too_many_waiting",
    "unforeseen",
    "unknown_schema",
    OTHER,
)
"""Why a document is rejected. A reason that only a newer version knows counts as `other`."""


class MetricType(StrEnum):
    """The Prometheus type of a metric."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True)
class Label:
    """A label and the values that it may have.

    Args:
        name: of the label.
        values: all of them; empty where they are not known beforehand.
        one_for: what has a value of its own where they are not known; there are few of these.
    """

    name: str
    values: tuple[str, ...] = ()
    one_for: str = "each release or checkpoint in use"

    def bounded(self, value: str) -> str:
        """Return `value`, or `other` when it is not on the list."""
        return value if not self.values or value in self.values else OTHER


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric.

    Args:
        name: as in Prometheus, with `_total` for a counter and its unit as the last word before that.
        type: counter, gauge or histogram.
        unit: of its values.
        help: what it measures, one sentence; the HELP line.
        action: what to do when it changes.
        labels: bounded, so that the number of series of a process is bounded.
        buckets: upper bounds of a histogram, without infinity.
    """

    name: str
    type: MetricType
    unit: str
    help: str
    action: str
    labels: tuple[Label, ...] = ()
    buckets: tuple[float, ...] = ()

    @property
    def label_names(self) -> tuple[str, ...]:
        """Names of the labels, in order."""
        return tuple(label.name for label in self.labels)


@dataclass(frozen=True, slots=True)
class MetricGroup:
    """Metrics that belong together, and the processes that export them."""

    title: str
    exported_by: str
    metrics: tuple[Metric, ...]


def label(name: str, values: object) -> Label:
    """Return the label whose values are those of the `Literal` type `values`."""
    return Label(name, get_args(values))

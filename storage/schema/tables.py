"""The tables as Python writes them: columns with their kinds, and records turned into columns."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Cell(Enum):
    """What a column holds in Python."""

    TEXT = "text"
    BYTES = "bytes"
    TEXTS = "texts"
    UINT32 = "uint32"
    UINT64 = "uint64"
    INT64 = "int64"
    FLOAT32 = "float32"
    FLOAT64 = "float64"
    BOOL = "bool"
    TIME = "time"
    """Aware datetime, milliseconds."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table and the columns that an insert gives; the others have defaults."""

    name: str
    columns: tuple[tuple[str, Cell], ...]

    @property
    def names(self) -> str:
        """The column names as an insert lists them."""
        return ", ".join(name for name, _ in self.columns)


DOCUMENTS = Table(
    "documents",
    (
        ("id", Cell.TEXT),
        ("kind", Cell.TEXT),
        ("source", Cell.TEXT),
        ("author", Cell.TEXT),
        ("url", Cell.TEXT),
        ("title", Cell.TEXT),
        ("text", Cell.TEXT),
        ("language", Cell.TEXT),
        ("symbols", Cell.TEXTS),
        ("published_at", Cell.TIME),
        ("collected_at", Cell.TIME),
        ("topic", Cell.TEXT),
        ("topic_probability", Cell.FLOAT32),
        ("p_negative", Cell.FLOAT32),
        ("p_neutral", Cell.FLOAT32),
        ("p_positive", Cell.FLOAT32),
        ("sentiment", Cell.TEXT),
        ("score", Cell.FLOAT32),
        ("fingerprint", Cell.UINT64),
        ("model_version", Cell.TEXT),
        ("scored_at", Cell.TIME),
    ),
)
PROGRESS = Table(
    "progress",
    (
        ("stream", Cell.TEXT),
        ("partition", Cell.UINT32),
        ("position", Cell.INT64),
        ("event_time", Cell.TIME),
        ("caught_up", Cell.BOOL),
        ("updated_at", Cell.TIME),
        ("retired", Cell.BOOL),
        ("version", Cell.UINT64),
    ),
)
DEAD_LETTERS = Table(
    "dead_letters",
    (
        ("topic", Cell.TEXT),
        ("partition", Cell.UINT32),
        ("offset", Cell.INT64),
        ("stage", Cell.TEXT),
        ("reason", Cell.TEXT),
        ("detail", Cell.TEXT),
        ("raw", Cell.BYTES),
        ("at", Cell.TIME),
        ("version", Cell.UINT64),
    ),
)
ALERTS = Table(
    "alerts",
    (
        ("id", Cell.TEXT),
        ("topic", Cell.TEXT),
        ("kind", Cell.TEXT),
        ("test", Cell.TEXT),
        ("state", Cell.TEXT),
        ("severity", Cell.TEXT),
        ("window_start", Cell.TIME),
        ("window_end", Cell.TIME),
        ("observed", Cell.UINT64),
        ("expected", Cell.FLOAT64),
        ("expected_low", Cell.FLOAT64),
        ("expected_high", Cell.FLOAT64),
        ("p_value", Cell.FLOAT64),
        ("negative_share", Cell.FLOAT64),
        ("expected_share", Cell.FLOAT64),
        ("method", Cell.TEXT),
        ("document_ids", Cell.TEXTS),
        ("opened_at", Cell.TIME),
        ("fired_at", Cell.TIME),
        ("resolved_at", Cell.TIME),
        ("updated_at", Cell.TIME),
        ("version", Cell.UINT64),
    ),
)
NOTIFICATIONS = Table(
    "notifications",
    (
        ("id", Cell.TEXT),
        ("alert_id", Cell.TEXT),
        ("event", Cell.TEXT),
        ("status", Cell.TEXT),
        ("attempts", Cell.UINT32),
        ("last_error", Cell.TEXT),
        ("message", Cell.BYTES),
        ("created_at", Cell.TIME),
        ("updated_at", Cell.TIME),
        ("receiver", Cell.TEXT),
        ("alert_ids", Cell.TEXTS),
        ("version", Cell.UINT64),
    ),
)
SILENCES = Table(
    "silences",
    (
        ("id", Cell.TEXT),
        ("matchers", Cell.TEXTS),
        ("author", Cell.TEXT),
        ("reason", Cell.TEXT),
        ("starts_at", Cell.TIME),
        ("ends_at", Cell.TIME),
        ("version", Cell.UINT64),
    ),
)
ACKNOWLEDGEMENTS = Table(
    "acknowledgements",
    (("alert_id", Cell.TEXT), ("author", Cell.TEXT), ("note", Cell.TEXT), ("at", Cell.TIME), ("version", Cell.UINT64)),
)
LEASES = Table("leases", (("name", Cell.TEXT), ("owner", Cell.TEXT), ("until", Cell.TIME), ("version", Cell.UINT64)))
DETECTOR_POSITIONS = Table(
    "detector_positions",
    (("name", Cell.TEXT), ("evaluated_until", Cell.TIME), ("state", Cell.TEXT), ("version", Cell.UINT64)),
)
ROLLUP_POSITION = Table("rollup_position", (("name", Cell.TEXT), ("until", Cell.TIME), ("version", Cell.UINT64)))
READINGS = Table(
    "readings",
    (
        ("series", Cell.TEXT),
        ("kind", Cell.TEXT),
        ("time", Cell.TIME),
        ("window_minutes", Cell.UINT32),
        ("observed", Cell.UINT32),
        ("total", Cell.UINT32),
        ("expected", Cell.FLOAT32),
        ("expected_low", Cell.FLOAT32),
        ("expected_high", Cell.FLOAT32),
        ("expected_share", Cell.FLOAT32),
        ("p_value", Cell.FLOAT64),
        ("written_at", Cell.TIME),
        ("version", Cell.UINT64),
    ),
)
PIPELINE_SAMPLES = Table(
    "pipeline_samples",
    (
        ("at", Cell.TIME),
        ("worker", Cell.TEXT),
        ("seconds", Cell.FLOAT32),
        ("stored", Cell.UINT32),
        ("duplicates", Cell.UINT32),
        ("rejected", Cell.UINT32),
        ("reasons", Cell.TEXTS),
        ("batches", Cell.UINT32),
        ("largest_batch", Cell.UINT32),
        ("retries", Cell.UINT32),
        ("scoring_seconds", Cell.FLOAT32),
        ("storing_seconds", Cell.FLOAT32),
        ("published_p50", Cell.FLOAT32),
        ("published_p99", Cell.FLOAT32),
        ("published_max", Cell.FLOAT32),
        ("collected_p50", Cell.FLOAT32),
        ("collected_p99", Cell.FLOAT32),
        ("collected_max", Cell.FLOAT32),
        ("lag", Cell.UINT64),
        ("model_version", Cell.TEXT),
        ("device", Cell.TEXT),
        ("device_memory", Cell.UINT64),
    ),
)
DETECTOR_RUNS = Table(
    "detector_runs",
    (
        ("at", Cell.TIME),
        ("seconds", Cell.FLOAT32),
        ("watermark", Cell.TIME),
        ("evaluated_until", Cell.TIME),
        ("ticks", Cell.UINT32),
        ("fired", Cell.UINT32),
        ("resolved", Cell.UINT32),
        ("sent", Cell.UINT32),
        ("waiting", Cell.UINT32),
        ("error", Cell.TEXT),
    ),
)
BACKTESTS = Table(
    "backtests",
    (
        ("id", Cell.TEXT),
        ("name", Cell.TEXT),
        ("run_at", Cell.TIME),
        ("method", Cell.TEXT),
        ("model_version", Cell.TEXT),
        ("evaluated_from", Cell.TIME),
        ("evaluated_to", Cell.TIME),
        ("documents", Cell.UINT64),
        ("alerts", Cell.UINT32),
        ("compared", Cell.BOOL),
        ("matched_events", Cell.UINT32),
        ("missed_events", Cell.UINT32),
        ("false_alarms", Cell.UINT32),
        ("topic_days", Cell.FLOAT64),
        ("median_delay_minutes", Cell.FLOAT64),
        ("settings", Cell.TEXT),
        ("seconds", Cell.FLOAT64),
        ("version", Cell.UINT64),
    ),
)
BACKTEST_ALERTS = Table(
    "backtest_alerts",
    (
        ("backtest_id", Cell.TEXT),
        ("id", Cell.TEXT),
        ("series", Cell.TEXT),
        ("kind", Cell.TEXT),
        ("test", Cell.TEXT),
        ("severity", Cell.TEXT),
        ("opened_at", Cell.TIME),
        ("fired_at", Cell.TIME),
        ("resolved_at", Cell.TIME),
        ("observed", Cell.UINT64),
        ("expected", Cell.FLOAT64),
        ("p_value", Cell.FLOAT64),
        ("events", Cell.TEXTS),
        ("version", Cell.UINT64),
    ),
)
BACKTEST_EVENTS = Table(
    "backtest_events",
    (
        ("backtest_id", Cell.TEXT),
        ("name", Cell.TEXT),
        ("starts_at", Cell.TIME),
        ("ends_at", Cell.TIME),
        ("topics", Cell.TEXTS),
        ("alerts", Cell.UINT32),
        ("delay_minutes", Cell.FLOAT64),
        ("version", Cell.UINT64),
    ),
)
BACKTEST_READINGS = Table(
    "backtest_readings",
    (
        ("backtest_id", Cell.TEXT),
        ("series", Cell.TEXT),
        ("time", Cell.TIME),
        ("observed", Cell.FLOAT32),
        ("expected", Cell.FLOAT32),
        ("expected_low", Cell.FLOAT32),
        ("expected_high", Cell.FLOAT32),
        ("version", Cell.UINT64),
    ),
)
MIGRATIONS = Table(
    "schema_migrations",
    (("number", Cell.UINT32), ("name", Cell.TEXT), ("checksum", Cell.TEXT), ("applied_at", Cell.TIME)),
)

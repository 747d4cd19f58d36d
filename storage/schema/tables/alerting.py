"""Tables of alerts, of the messages and decisions about them, and of the detector."""

from __future__ import annotations

from squall.core.records import Alert, AlertState, SeriesKind, Severity, Trend
from squall.storage.backends.base import Cell
from squall.storage.rows.alerting import Acknowledgement, Claim, Notification, Silence
from squall.storage.rows.detector import DetectorPosition, DetectorRun, SeriesReading
from squall.storage.schema.table import VERSION, Column, Table

ALERTS = Table(
    "alerts",
    Alert,
    (
        Column("id", Cell.TEXT),
        Column("topic", Cell.TEXT),
        Column("kind", Cell.TEXT, SeriesKind),
        Column("test", Cell.TEXT),
        Column("state", Cell.TEXT, AlertState),
        Column("severity", Cell.TEXT, Severity),
        Column("window_start", Cell.TIME),
        Column("window_end", Cell.TIME),
        Column("observed", Cell.UINT64),
        Column("expected", Cell.FLOAT64),
        Column("expected_low", Cell.FLOAT64),
        Column("expected_high", Cell.FLOAT64),
        Column("p_value", Cell.FLOAT64),
        Column("negative_share", Cell.FLOAT64),
        Column("expected_share", Cell.FLOAT64),
        Column("method", Cell.TEXT),
        Column("document_ids", Cell.TEXTS),
        Column("opened_at", Cell.TIME),
        Column("fired_at", Cell.TIME),
        Column("resolved_at", Cell.TIME),
        Column("updated_at", Cell.TIME),
        Column("total", Cell.UINT64),
        Column("limit", Cell.FLOAT64),
        Column("since", Cell.TIME),
        Column("documents_so_far", Cell.UINT64),
        Column("current_minutes", Cell.UINT32),
        Column("current", Cell.UINT64),
        Column("current_total", Cell.UINT64),
        Column("current_expected", Cell.FLOAT64),
        Column("trend", Cell.TEXT, Trend),
        Column("peak", Cell.UINT64),
        Column("peaked_at", Cell.TIME),
        Column("fired_wall", Cell.TIME),
        Column("updated_wall", Cell.TIME),
        Column("lead", Cell.TEXT),
        Column("lead_entity", Cell.TEXT),
        Column("lead_documents", Cell.UINT64),
        Column("named_documents", Cell.UINT64),
        Column("stories", Cell.UINT64),
        Column("events", Cell.TEXTS),
        Column("gravest", Cell.FLOAT64),
        VERSION,
    ),
)
NOTIFICATIONS = Table(
    "notifications",
    Notification,
    (
        Column("id", Cell.TEXT),
        Column("alert_id", Cell.TEXT),
        Column("event", Cell.TEXT),
        Column("status", Cell.TEXT),
        Column("attempts", Cell.UINT32),
        Column("last_error", Cell.TEXT),
        Column("message", Cell.BYTES),
        Column("created_at", Cell.TIME),
        Column("updated_at", Cell.TIME),
        Column("receiver", Cell.TEXT),
        Column("alert_ids", Cell.TEXTS),
        VERSION,
    ),
)
SILENCES = Table(
    "silences",
    Silence,
    (
        Column("id", Cell.TEXT),
        Column("matchers", Cell.TEXTS),
        Column("author", Cell.TEXT),
        Column("reason", Cell.TEXT),
        Column("starts_at", Cell.TIME),
        Column("ends_at", Cell.TIME),
        VERSION,
    ),
)
ACKNOWLEDGEMENTS = Table(
    "acknowledgements",
    Acknowledgement,
    (Column("alert_id", Cell.TEXT), Column("author", Cell.TEXT), Column("note", Cell.TEXT), Column("at", Cell.TIME), VERSION),
)
LEASES = Table("leases", Claim, (Column("name", Cell.TEXT), Column("owner", Cell.TEXT), Column("until", Cell.TIME), VERSION))
DETECTOR_POSITIONS = Table(
    "detector_positions",
    DetectorPosition,
    (Column("name", Cell.TEXT), Column("evaluated_until", Cell.TIME), Column("state", Cell.TEXT), VERSION),
)
DETECTOR_RUNS = Table(
    "detector_runs",
    DetectorRun,
    (
        Column("at", Cell.TIME),
        Column("seconds", Cell.FLOAT32),
        Column("watermark", Cell.TIME),
        Column("evaluated_until", Cell.TIME),
        Column("ticks", Cell.UINT32),
        Column("fired", Cell.UINT32),
        Column("resolved", Cell.UINT32),
        Column("sent", Cell.UINT32),
        Column("waiting", Cell.UINT32),
        Column("error", Cell.TEXT),
    ),
)
READINGS = Table(
    "readings",
    SeriesReading,
    (
        Column("series", Cell.TEXT),
        Column("kind", Cell.TEXT, SeriesKind),
        Column("time", Cell.SECOND),
        Column("window_minutes", Cell.UINT32),
        Column("observed", Cell.UINT32),
        Column("total", Cell.UINT32),
        Column("expected", Cell.FLOAT32),
        Column("expected_low", Cell.FLOAT32),
        Column("expected_high", Cell.FLOAT32),
        Column("expected_share", Cell.FLOAT32),
        Column("p_value", Cell.FLOAT64),
        Column("written_at", Cell.SECOND, given=True),
        VERSION,
    ),
)

-- What an alert is about and which test found it; alerts written before were bursts of topics, with no interval told.
ALTER TABLE alerts
    ADD COLUMN IF NOT EXISTS kind LowCardinality(String) DEFAULT 'topic',
    ADD COLUMN IF NOT EXISTS test LowCardinality(String) DEFAULT 'burst',
    ADD COLUMN IF NOT EXISTS expected_low Float64 DEFAULT 0,
    ADD COLUMN IF NOT EXISTS expected_high Float64 DEFAULT expected;

-- A message goes to one receiver and may tell of several alerts.
ALTER TABLE notifications
    ADD COLUMN IF NOT EXISTS receiver LowCardinality(String) DEFAULT 'default',
    ADD COLUMN IF NOT EXISTS alert_ids Array(String) DEFAULT [alert_id];

-- Alerts that match are not told of; ending a silence early writes it again with an earlier end.
CREATE TABLE IF NOT EXISTS silences
(
    id        String,
    matchers  Array(String),
    author    String,
    reason    String,
    starts_at DateTime64(3, 'UTC'),
    ends_at   DateTime64(3, 'UTC'),
    version   UInt64
)
ENGINE = ReplacingMergeTree(version)
ORDER BY id;

-- Who has taken an alert up; the last word counts.
CREATE TABLE IF NOT EXISTS acknowledgements
(
    alert_id String,
    author   String,
    note     String,
    at       DateTime64(3, 'UTC'),
    version  UInt64
)
ENGINE = ReplacingMergeTree(version)
ORDER BY alert_id;

-- One row per process that ever claimed a lease: each writes its own only. See alerts/lease.py.
CREATE TABLE IF NOT EXISTS leases
(
    name    String,
    owner   String,
    until   DateTime64(3, 'UTC'),
    version UInt64
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (name, owner)
TTL toDateTime(until) + INTERVAL 30 DAY;

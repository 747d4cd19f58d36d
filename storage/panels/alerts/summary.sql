SELECT
    countIf(state = 'firing') AS firing,
    countIf(state = 'pending') AS pending,
    countIf(fired_at IS NOT NULL) AS fired,
    countIf(fired_at IS NOT NULL AND severity = 'critical') AS critical,
    quantileExactOrNullIf(0.5)(dateDiff('second', opened_at, coalesce(fired_at, opened_at)), fired_at IS NOT NULL) AS time_to_detect,
    countIf(fired_at IS NOT NULL AND id NOT IN (SELECT alert_id FROM acknowledgements)) AS unacknowledged
FROM alerts FINAL
WHERE {{alert_filter}}

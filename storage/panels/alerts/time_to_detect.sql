SELECT
    assumeNotNull(fired_at) AS time,
    severity,
    dateDiff('second', opened_at, assumeNotNull(fired_at)) AS time_to_detect
FROM alerts FINAL
WHERE fired_at IS NOT NULL AND $__timeFilter_ms(fired_at) AND {{alert_filter}}
ORDER BY time
LIMIT 5000

SELECT
    toStartOfInterval(assumeNotNull(fired_at), toIntervalSecond(greatest($__interval_s, 3600))) AS time,
    severity,
    count() AS alerts
FROM alerts FINAL
WHERE fired_at IS NOT NULL AND $__timeFilter_ms(fired_at) AND {{alert_filter}}
GROUP BY time, severity
ORDER BY time, severity
LIMIT 10000

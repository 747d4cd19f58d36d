SELECT
    topic AS series,
    kind,
    count() AS alerts,
    countIf(severity = 'critical') AS critical,
    max(fired_at) AS last
FROM alerts FINAL
WHERE fired_at IS NOT NULL AND {{alert_filter}}
GROUP BY series, kind
ORDER BY alerts DESC, series
LIMIT 50

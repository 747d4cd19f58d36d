WITH
    {{series}},
    events AS event_names
SELECT
    {{alert_columns}}
FROM alerts FINAL
WHERE (chosen = 'All topics' OR topic = chosen) AND {{alert_overlaps}}
ORDER BY opened_at DESC
LIMIT 100

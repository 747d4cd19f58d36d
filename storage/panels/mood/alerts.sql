SELECT
    coalesce(fired_at, opened_at) AS time,
    -- Alerts about all topics are shaded, others are lines: overlapping shaded areas hide the chart.
    if(kind = 'market', coalesce(resolved_at, least(now64(3, 'UTC'), toDateTime64($__toTime, 3, 'UTC'))), time) AS timeEnd,
    concat(topic, ': ', {{alert_text}}) AS text,
    arrayStringConcat([severity, kind, test], ',') AS tags
FROM alerts FINAL
WHERE {{alert_overlaps}} AND fired_at IS NOT NULL AND test != 'no data'
    AND (kind != 'topic' OR {{chosen:topic}})
ORDER BY time
LIMIT 500

WITH
    {{series}}
SELECT
    coalesce(fired_at, opened_at) AS time,
    -- Overlapping shaded areas hide the chart: only alerts of the selected series are shaded, others are lines.
    if(topic = chosen, coalesce(resolved_at, least(now64(3, 'UTC'), toDateTime64($__toTime, 3, 'UTC'))), time) AS timeEnd,
    concat(topic, ': ', {{alert_text}}) AS text,
    arrayStringConcat([severity, kind, test], ',') AS tags
FROM alerts FINAL
WHERE (chosen = 'All topics' OR topic = chosen) AND {{alert_overlaps}} AND fired_at IS NOT NULL
ORDER BY time
LIMIT 500

SELECT
    {{reading_bucket}} AS time,
    avg(r.expected_share) AS expected_share
FROM readings AS r FINAL
WHERE r.series = decodeURLComponent('${series:percentencode}') AND $__timeFilter(r.time)
GROUP BY time
ORDER BY time
LIMIT 5000

-- The panel repeats by topic, so the variable has a single value here.
{{band}}
WHERE r.series = decodeURLComponent('${topic:percentencode}') AND $__timeFilter(r.time)
GROUP BY time
ORDER BY time
LIMIT 5000

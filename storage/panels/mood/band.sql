-- The repeated panel sets one topic at a time, so the variable holds one value here.
{{band}}
WHERE r.series = decodeURLComponent('${topic:percentencode}') AND $__timeFilter(r.time)
GROUP BY time
ORDER BY time
LIMIT 5000

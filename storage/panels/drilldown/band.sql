{{band}}
WHERE r.series = decodeURLComponent('${series:percentencode}') AND $__timeFilter(r.time)
GROUP BY time
ORDER BY time
LIMIT 5000

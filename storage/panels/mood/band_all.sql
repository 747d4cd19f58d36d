{{band}}
WHERE r.series = 'All topics' AND $__timeFilter(r.time)
GROUP BY time
ORDER BY time
LIMIT 5000

SELECT source
FROM sentiment_rollup AS r
WHERE r.step = 3600 AND r.symbol = '' AND $__timeFilter(r.time)
GROUP BY source
ORDER BY sum(negative + neutral + positive) DESC, source
LIMIT 200

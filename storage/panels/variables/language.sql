SELECT language
FROM sentiment_rollup AS r
WHERE r.step = 3600 AND r.symbol = '' AND $__timeFilter(r.time)
GROUP BY language
ORDER BY sum(negative + neutral + positive) DESC, language
LIMIT 100

SELECT topic
FROM sentiment_rollup AS r
WHERE r.step = 3600 AND r.symbol = '' AND $__timeFilter(r.time)
GROUP BY topic
ORDER BY sum(negative + neutral + positive) DESC, topic
LIMIT 100

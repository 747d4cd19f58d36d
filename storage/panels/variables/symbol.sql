SELECT symbol
FROM sentiment_rollup AS r
WHERE r.step = 3600 AND r.symbol != '' AND $__timeFilter(r.time)
GROUP BY symbol
ORDER BY sum(negative + neutral + positive) DESC, symbol
LIMIT 200

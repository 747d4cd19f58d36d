-- The series of the drill-down: all topics, each topic, and the 200 symbols mentioned most.
SELECT series
FROM
(
    SELECT 'All topics' AS series, 0 AS place, 0 AS documents
    UNION ALL
    SELECT topic, 1, sum(negative + neutral + positive)
    FROM sentiment_rollup AS r
    WHERE r.step = 3600 AND r.symbol = '' AND $__timeFilter(r.time)
    GROUP BY topic
    UNION ALL
    SELECT concat('$', symbol), 2, sum(negative + neutral + positive) AS documents
    FROM sentiment_rollup AS r
    WHERE r.step = 3600 AND r.symbol != '' AND $__timeFilter(r.time)
    GROUP BY symbol
    ORDER BY documents DESC
    LIMIT 200
)
ORDER BY place, documents DESC, series
LIMIT 400

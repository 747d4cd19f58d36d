WITH
    {{width}}
SELECT
    {{bucket}} AS time,
    topic,
    sum(r.negative) AS negative
FROM {{rollup}}
GROUP BY time, topic
ORDER BY time, topic
LIMIT 50000

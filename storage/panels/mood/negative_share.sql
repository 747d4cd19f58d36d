-- A share of fewer than three documents is not meaningful.
WITH
    {{width}}
SELECT
    {{bucket}} AS time,
    topic,
    sum(negative) / sum(negative + neutral + positive) AS negative_share
FROM {{rollup}}
GROUP BY time, topic
HAVING sum(negative + neutral + positive) >= 3
ORDER BY time, topic
LIMIT 50000

WITH
    {{width}}
SELECT
    {{bucket}} AS time,
    kind,
    (sum(positive) - sum(negative)) / sum(negative + neutral + positive) AS net
FROM {{rollup}}
GROUP BY time, kind
HAVING sum(negative + neutral + positive) > 0
ORDER BY time, kind
LIMIT 10000

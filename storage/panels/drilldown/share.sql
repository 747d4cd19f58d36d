WITH
    {{width}},
    {{series}}
SELECT
    {{bucket}} AS time,
    sum(r.negative) / sum(r.negative + r.neutral + r.positive) AS negative_share,
    (sum(r.positive) - sum(r.negative)) / sum(r.negative + r.neutral + r.positive) AS net
FROM {{series_rollup}}
GROUP BY time
HAVING sum(r.negative + r.neutral + r.positive) > 0
ORDER BY time
LIMIT 10000

WITH
    {{width}},
    {{entity}}
SELECT
    {{bucket}} AS time,
    sum(r.score_sum) / sum(r.negative + r.neutral + r.positive) AS tone,
    sum(r.negative) / sum(r.negative + r.neutral + r.positive) AS negative_share
FROM {{entity_rollup}}
GROUP BY time
HAVING sum(r.negative + r.neutral + r.positive) > 0
ORDER BY time
LIMIT 10000

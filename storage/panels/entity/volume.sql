WITH
    {{width}},
    {{entity}}
SELECT
    {{bucket}} AS time,
    sum(r.negative) AS negative,
    sum(r.neutral) AS neutral,
    sum(r.positive) AS positive
FROM {{entity_rollup}}
GROUP BY time
ORDER BY time
LIMIT 10000

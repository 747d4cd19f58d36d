WITH
    {{width}},
    {{series}}
SELECT
    {{bucket}} AS time,
    sum(r.negative + r.neutral + r.positive) AS first_stories,
    sum(r.copies) AS copies
FROM {{series_rollup}}
GROUP BY time
ORDER BY time
LIMIT 10000

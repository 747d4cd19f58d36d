WITH
    {{width}}
SELECT
    {{bucket}} AS time,
    kind,
    sum(negative + neutral + positive) AS documents
FROM {{rollup}}
GROUP BY time, kind
ORDER BY time, kind
LIMIT 10000

-- The eight largest sources by name, all others combined.
WITH
    {{width}},
    {{series}},
    largest AS
    (
        SELECT r.source
        FROM {{series_rollup}}
        GROUP BY r.source
        ORDER BY sum(r.negative + r.neutral + r.positive) DESC, r.source
        LIMIT 8
    )
SELECT
    {{bucket}} AS time,
    if(r.source IN (largest), toString(r.source), 'other sources') AS name,
    sum(r.negative + r.neutral + r.positive) AS documents
FROM {{series_rollup}}
GROUP BY time, name
ORDER BY time, name
LIMIT 50000

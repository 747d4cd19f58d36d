SELECT
    {{sample_time}} AS time,
    concat(worker, ' on ', device) AS name,
    least(sum(scoring_seconds) / sum(seconds), 1) AS busy
FROM {{samples}} AND seconds > 0
GROUP BY time, name
ORDER BY time, name
LIMIT 20000

SELECT {{sample_time}} AS time, worker AS name, max(lag) AS waiting
FROM {{samples}} AND lag IS NOT NULL
GROUP BY time, name
ORDER BY time, name
LIMIT 20000

SELECT {{sample_time}} AS time, concat(worker, ' on ', device) AS name, max(assumeNotNull(device_memory)) AS memory
FROM {{samples}} AND device_memory IS NOT NULL
GROUP BY time, name
ORDER BY time, name
LIMIT 20000

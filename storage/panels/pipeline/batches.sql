SELECT
    {{sample_time}} AS time,
    sum(stored + duplicates) / sum(batches) AS mean_batch,
    max(largest_batch) AS max_batch,
    sum(retries) AS retried
FROM {{samples}} AND batches > 0
GROUP BY time
ORDER BY time
LIMIT 10000

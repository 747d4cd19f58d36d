SELECT
    {{sample_time}} AS time,
    sum(stored + duplicates) / sum(batches) AS mean_batch,
    max(largest_batch) AS biggest_batch,
    sum(retries) AS repeated
FROM {{samples}} AND batches > 0
GROUP BY time
ORDER BY time
LIMIT 10000

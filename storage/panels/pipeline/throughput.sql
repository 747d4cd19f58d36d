SELECT
    {{sample_time}} AS time,
    sum(stored) / greatest($__interval_s, 10) AS stored_per_second,
    sum(duplicates) / greatest($__interval_s, 10) AS duplicates_per_second,
    sum(rejected) / greatest($__interval_s, 10) AS rejected_per_second
FROM {{samples}}
GROUP BY time
ORDER BY time
LIMIT 10000

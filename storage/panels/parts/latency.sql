-- Quantiles cannot be merged: the p50 is weighted by documents, the p99 is the highest of all samples.
SELECT
    {{sample_time}} AS time,
    sum({{@}}_p50 * stored) / sum(stored) AS p50,
    max({{@}}_p99) AS p99,
    max({{@}}_max) AS maximum
FROM {{samples}} AND stored > 0
GROUP BY time
ORDER BY time
LIMIT 10000

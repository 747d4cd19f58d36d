SELECT worker
FROM pipeline_samples
WHERE $__timeFilter_ms(at)
GROUP BY worker
ORDER BY worker
LIMIT 200

SELECT
    model_version,
    device,
    uniqExact(worker) AS workers,
    sum(stored) AS documents,
    min(at) AS first_seen,
    max(at) AS last_seen
FROM {{samples}} AND model_version != ''
GROUP BY model_version, device
ORDER BY last_seen DESC
LIMIT 50

-- −log10 p: 3 is one in a thousand, 6 one in a million.
SELECT
    {{reading_bucket}} AS time,
    max(-log10(greatest(r.p_value, 1e-30))) AS surprise
FROM readings AS r FINAL
WHERE r.series = decodeURLComponent('${series:percentencode}') AND $__timeFilter(r.time)
GROUP BY time
ORDER BY time
LIMIT 5000

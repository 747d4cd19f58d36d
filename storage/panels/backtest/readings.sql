SELECT
    toDateTime(intDiv(toUnixTimestamp(r.time), greatest($__interval_s, 3600)) * greatest($__interval_s, 3600), 'UTC') AS time,
    max(r.observed) AS observed,
    argMax(r.expected, r.observed) AS expected,
    argMax(r.expected_low, r.observed) AS low,
    argMax(r.expected_high, r.observed) AS high
FROM backtest_readings AS r FINAL
WHERE r.backtest_id = {{run}} AND r.series = decodeURLComponent('${series:percentencode}') AND $__timeFilter(r.time)
GROUP BY time
ORDER BY time
LIMIT 10000

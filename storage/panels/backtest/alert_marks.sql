SELECT
    coalesce(fired_at, opened_at) AS time,
    coalesce(resolved_at, fired_at, opened_at) AS timeEnd,
    concat(series, ': ', toString(observed), ' negative documents, ', toString(round(expected, 1)), ' expected') AS text,
    arrayStringConcat([severity, kind, test], ',') AS tags
FROM backtest_alerts FINAL
WHERE backtest_id = {{run}} AND $__timeFilter_ms(opened_at)
ORDER BY time
LIMIT 500

SELECT
    opened_at,
    fired_at,
    resolved_at,
    severity,
    series,
    kind,
    test,
    observed,
    round(expected, 1) AS expected,
    p_value,
    arrayStringConcat(events, ', ') AS events
FROM backtest_alerts FINAL
WHERE backtest_id = {{run}} AND $__timeFilter_ms(opened_at)
ORDER BY opened_at
LIMIT 500

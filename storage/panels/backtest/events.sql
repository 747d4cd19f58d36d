SELECT
    starts_at,
    ends_at,
    name,
    arrayStringConcat(topics, ', ') AS topics,
    if(alerts > 0, 'found', 'missed') AS result,
    alerts,
    delay_minutes * 60 AS delay
FROM backtest_events FINAL
WHERE backtest_id = {{run}} AND starts_at <= $__toTime AND ends_at >= $__fromTime
ORDER BY starts_at, name
LIMIT 500

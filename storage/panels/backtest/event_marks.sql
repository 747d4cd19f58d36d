SELECT
    starts_at AS time,
    ends_at AS timeEnd,
    concat(name, if(alerts > 0, ': found', ': missed')) AS text,
    concat('event,', if(alerts > 0, 'found', 'missed')) AS tags
FROM backtest_events FINAL
WHERE backtest_id = {{run}} AND starts_at <= $__toTime AND ends_at >= $__fromTime
ORDER BY time
LIMIT 500

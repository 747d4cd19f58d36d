SELECT
    toStartOfInterval(opened_at, toIntervalSecond(greatest($__interval_s, 21600))) AS time,
    if(empty(events), 'matched no event', 'matched an event') AS name,
    count() AS alerts
FROM backtest_alerts FINAL
WHERE backtest_id = {{run}} AND $__timeFilter_ms(opened_at)
GROUP BY time, name
ORDER BY time, name
LIMIT 5000

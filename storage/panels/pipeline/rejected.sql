SELECT
    toStartOfInterval(toDateTime(d.at, 'UTC'), toIntervalSecond(greatest($__interval_s, 60))) AS time,
    d.reason AS name,
    count() AS items
FROM dead_letters AS d FINAL
WHERE $__timeFilter_ms(d.at)
GROUP BY time, name
ORDER BY time, name
LIMIT 10000

SELECT
    toStartOfInterval(created_at, toIntervalSecond(greatest($__interval_s, 3600))) AS time,
    receiver,
    count() AS notifications
FROM notifications FINAL
WHERE status = 'sent' AND $__timeFilter_ms(created_at)
GROUP BY time, receiver
ORDER BY time, receiver
LIMIT 10000

SELECT
    toStartOfInterval(toDateTime(at, 'UTC'), toIntervalSecond(greatest($__interval_s, 60))) AS time,
    maxOrNull(dateDiff('second', evaluated_until, at)) AS behind_clock,
    maxOrNull(dateDiff('second', evaluated_until, watermark)) AS behind_data
FROM detector_runs
WHERE $__timeFilter_ms(at)
GROUP BY time
ORDER BY time
LIMIT 10000

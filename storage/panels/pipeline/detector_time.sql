SELECT
    toStartOfInterval(toDateTime(at, 'UTC'), toIntervalSecond(greatest($__interval_s, 60))) AS time,
    max(seconds) AS run_time,
    countIf(error != '') AS failed
FROM detector_runs
WHERE $__timeFilter_ms(at)
GROUP BY time
ORDER BY time
LIMIT 10000

-- Each hour against the same hour of the 28 days before it, weekdays and weekends apart; nothing is expected within the first week.
WITH
    {{entity}},
    toStartOfHour($__fromTime) AS first_hour,
    toStartOfHour($__toTime) AS last_hour,
    (SELECT min(time) FROM entity_rollup WHERE step = 3600) AS counted_since,
    counts AS
    (
        SELECT time AS counted_at, negative
        FROM entity_rollup AS r FINAL
        WHERE r.step = 3600
            AND r.bucket >= toStartOfDay(first_hour - INTERVAL 28 DAY)
            AND r.bucket <= last_hour
            AND r.entity = chosen_entity
    )
SELECT
    hour AS time,
    sumIf(negative, days = 0) AS observed,
    if(countIf(known) < 7, NULL, avgIf(negative, past)) AS expected,
    if(countIf(known) < 7, NULL, quantileExactInclusiveIf(0.05)(negative, past)) AS low,
    if(countIf(known) < 7, NULL, quantileExactInclusiveIf(0.95)(negative, past)) AS high
FROM
(
    SELECT
        hour,
        days,
        hour - toIntervalDay(days) AS at,
        days > 0 AND at >= counted_since AS known,
        known AND (toDayOfWeek(at) > 5) = (toDayOfWeek(hour) > 5) AS past
    FROM
    (
        SELECT arrayJoin(arrayMap(hours -> first_hour + toIntervalHour(hours), range(dateDiff('hour', first_hour, last_hour) + 1))) AS hour
    )
    ARRAY JOIN range(29) AS days
) AS grid
LEFT JOIN counts ON counts.counted_at = grid.at
WHERE hour >= $__fromTime
GROUP BY time
ORDER BY time
LIMIT 10000

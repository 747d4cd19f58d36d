-- The time range against the one of equal length before it: rise or fall in standard deviations of two Poisson counts.
WITH
    {{step}} AS chosen_step,
    $__fromTime - toIntervalSecond(toUnixTimestamp($__toTime) - toUnixTimestamp($__fromTime)) AS begin
SELECT
    if(n.name = '', c.entity, n.name) AS name,
    c.entity AS entity,
    c.kind AS kind,
    c.documents AS documents,
    c.negatives AS negative,
    c.negatives / c.documents AS negative_share,
    c.scores / c.documents AS score,
    c.negatives_before AS negative_before,
    if(c.negatives + c.negatives_before = 0, 0, (toInt64(c.negatives) - toInt64(c.negatives_before)) / sqrt(c.negatives + c.negatives_before))
        AS deviations
FROM
(
    SELECT
        r.entity AS entity,
        any(r.kind) AS kind,
        sumIf(r.negative + r.neutral + r.positive, r.time >= $__fromTime) AS documents,
        sumIf(r.negative, r.time >= $__fromTime) AS negatives,
        sumIf(r.score_sum, r.time >= $__fromTime) AS scores,
        sumIf(r.negative, r.time < $__fromTime) AS negatives_before
    FROM entity_rollup AS r FINAL
    WHERE r.step = chosen_step AND r.bucket >= toStartOfDay(begin) AND r.time >= begin AND r.time <= $__toTime
    GROUP BY entity
    HAVING documents > 0
    ORDER BY negatives DESC, documents DESC, entity
    LIMIT 50
) AS c
LEFT JOIN (SELECT entity, name FROM entity_names FINAL) AS n ON n.entity = c.entity
ORDER BY negative DESC, documents DESC, entity
LIMIT 50

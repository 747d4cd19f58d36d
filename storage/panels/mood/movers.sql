-- The last 24 hours of the range and the 24 hours before; the hourly roll-up is precise enough.
WITH
    toStartOfHour($__toTime) + INTERVAL 1 HOUR AS until,
    until - INTERVAL 24 HOUR AS middle,
    until - INTERVAL 48 HOUR AS begin,
    sumIf(r.negative + r.neutral + r.positive, r.time >= middle) AS now_all,
    sumIf(r.negative + r.neutral + r.positive, r.time < middle) AS before_all
SELECT
    if(r.symbol = '', r.topic, concat('$', r.symbol)) AS series,
    sumIf(r.negative, r.time >= middle) / now_all AS negative_share,
    sumIf(r.negative, r.time < middle) / before_all AS share_before,
    negative_share - share_before AS change,
    now_all AS documents,
    before_all AS documents_before
FROM sentiment_rollup AS r FINAL
WHERE r.step = 3600 AND r.time >= begin AND r.time < until AND {{filters}}
GROUP BY series
HAVING now_all >= 10 AND before_all >= 10
ORDER BY abs(change) DESC, series
LIMIT 20

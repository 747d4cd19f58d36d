-- At most 60 columns, so that cells stay wide enough to click.
WITH
    {{step}} AS chosen_step,
    toUInt32(ceil((toUnixTimestamp($__toTime) - toUnixTimestamp($__fromTime)) / 60 / chosen_step)) AS steps,
    greatest(steps, 1) * chosen_step AS width
SELECT
    {{bucket}} AS time,
    topic,
    (sum(positive) - sum(negative)) / sum(negative + neutral + positive) AS net
FROM {{rollup}}
GROUP BY time, topic
HAVING sum(negative + neutral + positive) > 0
ORDER BY time, topic
LIMIT 20000

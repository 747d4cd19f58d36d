WITH
    {{step}} AS chosen_step,
    {{series}}
SELECT
    sum(r.negative + r.neutral + r.positive) AS documents,
    if(documents = 0, NULL, sum(r.negative) / documents) AS negative_share,
    if(documents = 0, NULL, (sum(r.positive) - sum(r.negative)) / documents) AS net_sentiment,
    if(documents = 0, NULL, documents / (documents + sum(r.copies))) AS novelty
FROM {{series_rollup}}

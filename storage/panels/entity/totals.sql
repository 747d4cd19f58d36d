WITH
    {{step}} AS chosen_step,
    {{entity}}
SELECT
    sum(r.negative + r.neutral + r.positive) AS documents,
    if(documents = 0, NULL, sum(r.negative) / documents) AS negative_share,
    if(documents = 0, NULL, (sum(r.positive) - sum(r.negative)) / documents) AS net_sentiment,
    if(documents = 0, NULL, sum(r.relevance_sum) / documents) AS relevance,
    sum(r.copies) AS copies
FROM {{entity_rollup}}

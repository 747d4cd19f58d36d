WITH {{step}} AS chosen_step
SELECT
    sum(negative + neutral + positive) AS documents,
    if(documents = 0, NULL, sum(negative) / documents) AS negative_share,
    if(documents = 0, NULL, (sum(positive) - sum(negative)) / documents) AS net_sentiment,
    sum(copies) AS copies
FROM {{rollup}}

SELECT
    documents,
    alerts,
    if(compared, matched_events, NULL) AS found,
    if(compared, missed_events, NULL) AS missed,
    if(compared, false_alarms, NULL) AS false_alarms,
    if(compared AND matched_events + missed_events > 0, matched_events / (matched_events + missed_events), NULL) AS recall,
    if(topic_days > 0, if(compared, false_alarms, alerts) / topic_days, NULL) AS per_topic_day,
    median_delay_minutes * 60 AS median_delay,
    seconds
FROM backtests FINAL
WHERE id = {{run}}
LIMIT 1

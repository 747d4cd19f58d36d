SELECT
    run_at,
    if(name = '', method, name) AS run,
    method,
    model_version,
    evaluated_from,
    evaluated_to,
    alerts,
    if(compared, matched_events, NULL) AS found,
    if(compared, missed_events, NULL) AS missed,
    if(compared, false_alarms, NULL) AS false_alarms,
    median_delay_minutes,
    id,
    toUnixTimestamp64Milli(evaluated_from) AS from_ms,
    toUnixTimestamp64Milli(evaluated_to) AS to_ms
FROM backtests FINAL
ORDER BY run_at DESC
LIMIT 100

SELECT
    sum(stored) AS documents,
    uniqExact(worker) AS workers,
    sum(stored) / greatest(dateDiff('second', min(at), max(at)), 10) AS rate,
    if(sum(stored) = 0, NULL, sum(published_p50 * stored) / sum(stored)) AS p50,
    maxOrNullIf(published_p99, stored > 0) AS max_p99,
    sum(rejected) AS rejected,
    dateDiff('second', max(at), least(now64(3, 'UTC'), toDateTime64($__toTime, 3, 'UTC'))) AS last_report,
    argMaxOrNull(model_version, at) AS model
FROM {{samples}}

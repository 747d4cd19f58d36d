SELECT
    countIf(status = 'sent') AS sent,
    countIf(status != 'sent') AS queued,
    quantileExactOrNullIf(0.99)(dateDiff('millisecond', created_at, updated_at) / 1000, status = 'sent') AS delay
FROM notifications FINAL
WHERE $__timeFilter_ms(created_at)

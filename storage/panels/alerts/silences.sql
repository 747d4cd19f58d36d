SELECT
    multiIf(ends_at <= now64(3, 'UTC'), 'over', starts_at > now64(3, 'UTC'), 'planned', 'active') AS state,
    arrayStringConcat(matchers, ', ') AS matches,
    author,
    reason,
    starts_at,
    ends_at
FROM silences FINAL
WHERE starts_at <= $__toTime AND ends_at >= $__fromTime
ORDER BY ends_at DESC
LIMIT 100

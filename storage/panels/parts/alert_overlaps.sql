-- An alert belongs to the range if it was open at any time in it; alerts that never fired are excluded.
NOT (state = 'resolved' AND fired_at IS NULL)
    AND opened_at <= $__toTime
    AND (resolved_at IS NULL OR resolved_at >= $__fromTime)

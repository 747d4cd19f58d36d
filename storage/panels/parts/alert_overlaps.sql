-- An alert belongs to the range when any of its life falls into it; one that never fired is none.
NOT (state = 'resolved' AND fired_at IS NULL)
    AND opened_at <= $__toTime
    AND (resolved_at IS NULL OR resolved_at >= $__fromTime)

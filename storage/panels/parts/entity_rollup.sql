entity_rollup AS r FINAL
WHERE r.step = chosen_step
    AND r.bucket >= if(chosen_step = 3600, toStartOfDay($__fromTime), toStartOfHour($__fromTime))
    AND r.bucket <= $__toTime
    AND r.entity = chosen_entity
    AND $__timeFilter(r.time)

sentiment_rollup AS r FINAL
WHERE r.step = chosen_step
    AND r.symbol = if($__conditionalAll(0 = 1, $symbol), '', decodeURLComponent('${symbol:percentencode}'))
    AND $__timeFilter(r.time)
    AND {{filters}}

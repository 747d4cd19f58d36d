sentiment_rollup AS r FINAL
WHERE r.step = chosen_step
    AND r.symbol = chosen_symbol
    AND (chosen_topic = '' OR r.topic = chosen_topic)
    AND $__timeFilter(r.time)

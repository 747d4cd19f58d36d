-- The name of a series in the detector's notation: a topic, `$SYMBOL`, or `All topics`.
    decodeURLComponent('${series:percentencode}') AS chosen,
    if(startsWith(chosen, '$'), substring(chosen, 2), '') AS chosen_symbol,
    if(chosen_symbol != '' OR chosen = 'All topics', '', chosen) AS chosen_topic

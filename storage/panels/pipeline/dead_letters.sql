SELECT at, topic, stage, reason, substringUTF8(toValidUTF8(detail), 1, 300) AS detail, substringUTF8(toValidUTF8(raw), 1, 200) AS item
FROM dead_letters FINAL
WHERE $__timeFilter_ms(at)
ORDER BY at DESC
LIMIT 100

SELECT at, seconds, watermark, evaluated_until, ticks, fired, resolved, sent, waiting, error
FROM detector_runs
WHERE $__timeFilter_ms(at) AND (error != '' OR fired > 0 OR resolved > 0 OR waiting > 0)
ORDER BY at DESC
LIMIT 100

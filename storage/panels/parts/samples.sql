pipeline_samples
WHERE $__timeFilter_ms(at)
    AND {{chosen:worker}}

-- The words of `squall.core.gravity.severities`; a test compares them.
multiIf(isNull(severity), '', severity >= 0.875, 'ruin', severity >= 0.625, 'grave', severity >= 0.375, 'serious', severity >= 0.125, 'setback', 'nothing adverse')

SELECT DISTINCT severity FROM alerts WHERE opened_at <= $__toTime ORDER BY severity LIMIT 10

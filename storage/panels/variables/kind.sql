SELECT DISTINCT kind FROM alerts WHERE opened_at <= $__toTime ORDER BY kind LIMIT 20

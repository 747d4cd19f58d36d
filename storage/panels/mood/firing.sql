SELECT count() AS firing
FROM alerts FINAL
WHERE state = 'firing' AND opened_at <= $__toTime AND {{chosen:topic}}

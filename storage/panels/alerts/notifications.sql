SELECT
    notifications.created_at AS created_at,
    receiver,
    event,
    status,
    attempts,
    if(status = 'sent', dateDiff('millisecond', notifications.created_at, notifications.updated_at) / 1000, NULL) AS delay,
    alerts.topic AS series,
    length(alert_ids) AS alert_count,
    last_error
FROM (SELECT * FROM notifications FINAL WHERE $__timeFilter_ms(created_at) ORDER BY created_at DESC LIMIT 200) AS notifications
LEFT JOIN (SELECT id, topic FROM alerts FINAL) AS alerts ON alerts.id = notifications.alert_id
ORDER BY created_at DESC
LIMIT 200

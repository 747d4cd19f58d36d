SELECT at, author, note, alerts.topic AS series, alerts.state AS state
FROM (SELECT alert_id, author, note, at FROM acknowledgements FINAL WHERE $__timeFilter_ms(at)) AS acknowledgements
LEFT JOIN (SELECT id, topic, state FROM alerts FINAL) AS alerts ON alerts.id = acknowledgements.alert_id
ORDER BY at DESC
LIMIT 100

SELECT
    alerts.state AS state,
    if(acknowledgements.author = '', '', concat(acknowledgements.author, if(acknowledgements.note = '', '', ': '), acknowledgements.note)) AS acknowledged_by,
    {{alert_columns}}
FROM (SELECT * FROM alerts FINAL WHERE state != 'resolved' AND {{alert_filter}}) AS alerts
LEFT JOIN (SELECT alert_id, author, note FROM acknowledgements FINAL) AS acknowledgements ON acknowledgements.alert_id = alerts.id
ORDER BY state = 'firing' DESC, severity = 'critical' DESC, opened_at DESC
LIMIT 200

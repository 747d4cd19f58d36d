WITH
    events AS event_names
SELECT
    alerts.state AS state,
    if(current_minutes = 0, '', concat(toString(current), ' of ', toString(current_total), ' in ', toString(current_minutes), ' min')) AS now,
    trend,
    peak,
    peaked_at,
    if(acknowledgements.author = '', '', concat(acknowledgements.author, if(acknowledgements.note = '', '', ': '), acknowledgements.note)) AS acknowledged_by,
    {{alert_columns}}
FROM (SELECT * FROM alerts FINAL WHERE state != 'resolved' AND {{alert_filter}}) AS alerts
LEFT JOIN (SELECT alert_id, author, note FROM acknowledgements FINAL) AS acknowledgements ON acknowledgements.alert_id = alerts.id
ORDER BY state = 'firing' DESC, severity = 'critical' DESC, opened_at DESC
LIMIT 200

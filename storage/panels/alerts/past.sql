WITH
    events AS event_names
SELECT
    {{alert_columns}},
    dateDiff('second', opened_at, assumeNotNull(resolved_at)) AS lasted,
    peak,
    peaked_at,
    if(acknowledgements.author = '', '', concat(acknowledgements.author, if(acknowledgements.note = '', '', ': '), acknowledgements.note)) AS acknowledged_by
FROM (SELECT * FROM alerts FINAL WHERE state = 'resolved' AND {{alert_filter}}) AS alerts
LEFT JOIN (SELECT alert_id, author, note FROM acknowledgements FINAL) AS acknowledgements ON acknowledgements.alert_id = alerts.id
ORDER BY opened_at DESC
LIMIT 300

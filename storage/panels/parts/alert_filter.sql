{{alert_overlaps}}
    AND {{chosen:severity}}
    AND {{chosen:kind}}

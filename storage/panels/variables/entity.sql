-- The 500 names that most documents of the time range are about, whether they have a ticker or not.
SELECT entity, concat(if(name = '', entity, name), if(empty(symbols), '', concat(' (', arrayStringConcat(symbols, ', '), ')'))) AS shown
FROM
(
    SELECT r.entity AS entity, sum(r.negative + r.neutral + r.positive) AS documents
    FROM entity_rollup AS r FINAL
    WHERE r.step = 3600 AND r.bucket >= toStartOfDay($__fromTime) AND $__timeFilter(r.time)
    GROUP BY entity
    ORDER BY documents DESC, entity
    LIMIT 500
) AS c
LEFT JOIN (SELECT entity, name, symbols FROM entity_names FINAL) AS n USING entity
ORDER BY documents DESC, entity
LIMIT 500

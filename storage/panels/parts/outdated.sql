-- The ids of documents of which a later version is stored.
SELECT id
FROM
(
    SELECT id, row_number() OVER (PARTITION BY first ORDER BY at DESC, id DESC) AS place
    FROM
    (
        SELECT id, revises AS first, max(published_at) AS at FROM documents WHERE revises != '' GROUP BY id, first
        UNION ALL
        SELECT id, id AS first, max(published_at) AS at
        FROM documents
        WHERE $__timeFilter_ms(published_at) AND revises = '' AND id IN (SELECT revises FROM documents WHERE revises != '')
        GROUP BY id
    )
)
WHERE place > 1

-- What was found to be in a language that the model does not know, and is not scored by now. Few rows: they are found first.
SELECT
    toStartOfInterval(toDateTime(published, 'UTC'), toIntervalSecond(greatest($__interval_s, 60))) AS time,
    name,
    count() AS documents
FROM
(
    SELECT
        id,
        argMax(published_at, (scored_at, published_at)) AS published,
        argMax(language, (scored_at, published_at)) AS name,
        argMax(model_version, (scored_at, published_at)) AS reader
    FROM documents
    WHERE $__timeFilter_ms(published_at) AND {{chosen:source}} AND (published_at, id) IN
    (
        SELECT published_at, id FROM documents WHERE $__timeFilter_ms(published_at) AND model_version = ''
    )
    GROUP BY id
)
WHERE reader = ''
GROUP BY time, name
ORDER BY time, name
LIMIT 10000

-- Select the gravest 80 rows first (the newest where no severity is known), then the latest score of each id, so that only their texts are read.
SELECT
    published_at AS time,
    topic,
    source,
    if(title = '', substringUTF8(text, 1, 200), title) AS title,
    arrayStringConcat(symbols, ' ') AS symbols,
    severity,
    {{severity_word}} AS severity_word,
    {{event_labels}} AS events,
    p_negative,
    language,
    if(match(url, '^https?://[^\\s]+$'), domain(url), '') AS link,
    if(match(url, '^https?://[^\\s]+$'), url, '') AS url
FROM
(
    SELECT published_at, id, topic, source, title, text, symbols, p_negative, language, url, sentiment, severity, event_names
    FROM documents
    WHERE $__timeFilter_ms(published_at) AND (published_at, id) IN
    (
        SELECT published_at, id
        FROM documents
        WHERE $__timeFilter_ms(published_at)
            AND id NOT IN ({{outdated}})
            AND sentiment = 'negative'
            AND {{filters}}
            AND $__conditionalAll(has(symbols, decodeURLComponent('${symbol:percentencode}')), $symbol)
        ORDER BY ifNull(severity, 0) DESC, published_at DESC
        LIMIT 80
    )
    ORDER BY published_at DESC, scored_at DESC, written_at DESC
    LIMIT 1 BY id
)
WHERE sentiment = 'negative'
ORDER BY ifNull(severity, 0) DESC, time DESC
LIMIT 50

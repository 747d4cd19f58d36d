WITH
    {{series}}
SELECT
    published_at AS time,
    sentiment,
    score,
    severity,
    {{severity_word}} AS severity_word,
    {{event_labels}} AS events,
    if(title = '', substringUTF8(text, 1, 200), title) AS title,
    topic,
    source,
    kind,
    arrayStringConcat(symbols, ' ') AS symbols,
    if(match(url, '^https?://[^\\s]+$'), domain(url), '') AS link,
    if(match(url, '^https?://[^\\s]+$'), url, '') AS url
FROM
(
    SELECT published_at, id, topic, source, kind, title, text, symbols, toString(sentiment) AS sentiment, score, url, severity, event_names
    FROM documents
    WHERE $__timeFilter_ms(published_at) AND model_version != '' AND (published_at, id) IN
    (
        SELECT published_at, id
        FROM documents
        WHERE $__timeFilter_ms(published_at) AND model_version != ''
            AND id NOT IN ({{outdated}})
            AND (chosen_topic = '' OR topic = chosen_topic)
            AND (chosen_symbol = '' OR has(symbols, chosen_symbol))
        ORDER BY ifNull(severity, 0) DESC, published_at DESC
        LIMIT 140
    )
    ORDER BY published_at DESC, scored_at DESC, written_at DESC
    LIMIT 1 BY id
)
ORDER BY ifNull(severity, 0) DESC, time DESC
LIMIT 100

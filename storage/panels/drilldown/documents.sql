WITH
    {{series}}
SELECT
    published_at AS time,
    sentiment,
    score,
    if(title = '', substringUTF8(text, 1, 200), title) AS title,
    topic,
    source,
    kind,
    arrayStringConcat(symbols, ' ') AS symbols,
    if(match(url, '^https?://[^\\s]+$'), domain(url), '') AS link,
    if(match(url, '^https?://[^\\s]+$'), url, '') AS url
FROM
(
    SELECT published_at, id, topic, source, kind, title, text, symbols, toString(sentiment) AS sentiment, score, url
    FROM documents
    WHERE $__timeFilter_ms(published_at) AND (published_at, id) IN
    (
        SELECT published_at, id
        FROM documents
        WHERE $__timeFilter_ms(published_at)
            AND (chosen_topic = '' OR topic = chosen_topic)
            AND (chosen_symbol = '' OR has(symbols, chosen_symbol))
        ORDER BY published_at DESC
        LIMIT 140
    )
    ORDER BY published_at DESC, scored_at DESC
    LIMIT 1 BY id
)
ORDER BY time DESC
LIMIT 100

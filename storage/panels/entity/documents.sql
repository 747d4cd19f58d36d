-- Of the newest 140 the gravest first. Tone and severity are those towards the entity; of several readings of a document the last counts.
WITH
    {{entity}},
    candidates AS
    (
        SELECT DISTINCT published_at, document_id
        FROM mentions
        WHERE entity = chosen_entity AND first AND $__timeFilter_ms(published_at)
            AND document_id NOT IN ({{outdated}})
        ORDER BY published_at DESC
        LIMIT 140
    ),
    named AS
    (
        SELECT document_id, toString(sentiment) AS sentiment, score, relevance, severity, event_names
        FROM
        (
            SELECT
                document_id, published_at, entity, first, sentiment, score, relevance, severity, event_names,
                (scored_at, model_version, catalogue_version) AS reading,
                max(reading) OVER (PARTITION BY document_id, published_at) AS latest
            FROM mentions
            WHERE (published_at, document_id) IN (candidates)
        )
        WHERE reading = latest AND entity = chosen_entity AND first
        LIMIT 1 BY document_id
    )
SELECT
    d.published_at AS time,
    n.sentiment AS sentiment,
    n.score AS score,
    n.relevance AS relevance,
    n.severity AS severity,
    {{severity_word}} AS severity_word,
    {{event_labels}} AS events,
    if(d.title = '', substringUTF8(d.text, 1, 200), d.title) AS title,
    d.topic AS topic,
    d.source AS source,
    d.kind AS kind,
    arrayStringConcat(d.symbols, ' ') AS symbols,
    if(match(d.url, '^https?://[^\\s]+$'), domain(d.url), '') AS link,
    if(match(d.url, '^https?://[^\\s]+$'), d.url, '') AS url
FROM named AS n
INNER JOIN
(
    SELECT published_at, id, topic, source, kind, title, text, symbols, url
    FROM documents
    WHERE $__timeFilter_ms(published_at) AND (published_at, id) IN (candidates)
    ORDER BY published_at DESC, scored_at DESC, written_at DESC
    LIMIT 1 BY id
) AS d ON d.id = n.document_id
ORDER BY ifNull(severity, 0) DESC, time DESC
LIMIT 100

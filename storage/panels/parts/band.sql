SELECT
    {{reading_bucket}} AS time,
    max(r.observed) AS observed,
    argMax(r.expected, r.observed) AS expected,
    argMax(r.expected_low, r.observed) AS low,
    argMax(r.expected_high, r.observed) AS high
FROM readings AS r FINAL

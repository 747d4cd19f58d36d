SELECT name, method, model_version, evaluated_from, evaluated_to, documents, seconds, settings
FROM backtests FINAL
WHERE id = {{run}}
LIMIT 1

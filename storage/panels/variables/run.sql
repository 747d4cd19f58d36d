SELECT id, concat(if(name = '', method, name), ', ', formatDateTime(run_at, '%Y-%m-%d %H:%i', 'UTC')) AS shown
FROM backtests FINAL
ORDER BY run_at DESC
LIMIT 100

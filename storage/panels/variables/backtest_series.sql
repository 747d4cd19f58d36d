SELECT series
FROM backtest_readings
WHERE backtest_id = {{run}}
GROUP BY series
ORDER BY sum(observed) DESC, series
LIMIT 300

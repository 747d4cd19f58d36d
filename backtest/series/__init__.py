"""`squall backtest series`: the production detector over any series of counts."""

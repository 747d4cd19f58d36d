"""`squall backtest PATH`: history through the model and the production detector, compared with known events."""

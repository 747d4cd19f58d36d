"""`squall backtest simulate`: detectors compared on simulated markets with injected outbreaks."""

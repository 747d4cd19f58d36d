"""Backtests: history, simulated markets, and series of counts, judged by the production detector."""

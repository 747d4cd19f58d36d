"""The statistics of spike detection: counts in, readings out. Knows nothing of alerts or messages."""

"""Who is told about an alert, when, and through which channel. Knows nothing of statistics."""

"""Who is notified of an alert, when, and through which channel. Knows nothing of statistics.

A channel is a sub-package (`email`, `webhook`), or a module in `services`: it renders content into a message and sends it. `receivers`
chooses the channel.
"""

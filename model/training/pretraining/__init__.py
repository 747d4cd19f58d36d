"""Masked language modelling on plain text, and texts rewritten by it."""

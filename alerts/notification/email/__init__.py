"""Alerts as e-mail messages."""

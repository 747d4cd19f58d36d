"""Alerts, messages, silences, acknowledgements, leases, and the detector."""

"""Grafana dashboards as code: built in Python, checked without a server, kept as JSON beside it."""

"""Grafana dashboards as code: built in Python, checked without a server, stored as JSON."""

"""Dashboards: the live page and Grafana."""

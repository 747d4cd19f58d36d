"""The Grafana dashboards, one module each, and what they are built from."""

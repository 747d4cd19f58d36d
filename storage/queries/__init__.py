"""Every SQL statement but those of the Grafana panels, one module per subject."""

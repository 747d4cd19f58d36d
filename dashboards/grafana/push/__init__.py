"""Pushes the dashboards to a running Grafana: by uid, idempotent, and without overwriting edits unless requested."""

from squall.dashboards.grafana.push.datasource import DataSource
from squall.dashboards.grafana.push.plan import Change, Folder
from squall.dashboards.grafana.push.push import Options, push
from squall.dashboards.grafana.push.target import Target

__all__ = ["Change", "DataSource", "Folder", "Options", "Target", "push"]

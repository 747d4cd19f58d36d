"""Dashboards into a Grafana that runs already: by uid, idempotent, nothing overwritten unasked."""

from squall.dashboards.grafana.push.datasource import DataSource
from squall.dashboards.grafana.push.plan import Change, Folder
from squall.dashboards.grafana.push.push import Options, push
from squall.dashboards.grafana.push.target import Target

__all__ = ["Change", "DataSource", "Folder", "Options", "Target", "push"]

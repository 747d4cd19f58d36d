"""Dashboards into a Grafana that runs already: by uid, idempotent, nothing overwritten unasked."""

from dashboards.grafana_push.datasource import DataSource
from dashboards.grafana_push.plan import Change, Folder
from dashboards.grafana_push.push import Options, push
from dashboards.grafana_push.target import Target

__all__ = ["Change", "DataSource", "Folder", "Options", "Target", "push"]

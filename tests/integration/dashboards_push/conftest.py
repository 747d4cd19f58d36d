from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.grafana_fake import Grafana, serving


def dashboard(uid: str, title: str, **more: Any) -> dict[str, Any]:
    return {
        "uid": uid,
        "title": title,
        "schemaVersion": 42,
        "tags": ["squall"],
        "panels": [{"id": 1, "type": "timeseries", "gridPos": {"h": 8, "w": 12, "x": 0, "y": 0}}],
        **more,
    }


@pytest.fixture
def boards() -> list[dict[str, Any]]:
    return [dashboard("squall-mood", "Market mood"), dashboard("squall-alerts", "Alerts")]


@pytest.fixture
def grafana() -> Iterator[Grafana]:
    with serving(Grafana()) as server:
        yield server

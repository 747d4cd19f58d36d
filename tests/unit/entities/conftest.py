"""The catalogue that ships with Squall, read once."""

from __future__ import annotations

import pytest

from squall.core.config.entities import EntitySettings
from squall.entities.catalogue.catalogue import Catalogue


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    return Catalogue.open(EntitySettings())

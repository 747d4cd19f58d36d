"""A CA that is trusted, another one, and a broker behind the gate."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.support.broker import DevelopmentBroker
from tests.support.certificates import Authority


@dataclass(frozen=True)
class Authorities:
    """`ours` signed the servers; `other` is unknown to them, and they to it."""

    ours: Authority
    other: Authority


@pytest.fixture(scope="session")
def authorities(tmp_path_factory: pytest.TempPathFactory) -> Authorities:
    folder = tmp_path_factory.mktemp("certificates")
    return Authorities(Authority(folder, "ours"), Authority(folder, "other"))


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DevelopmentBroker]:
    with DevelopmentBroker(tmp_path_factory.mktemp("broker")) as running:
        if not running.owned:
            pytest.skip("the gate stands in front of the development broker only")
        yield running

from __future__ import annotations

import pytest
from pydantic import SecretStr

from squall.core.config.settings import WebSettings
from squall.core.errors import ConfigurationError
from squall.dashboards.page.access import check_access, is_loopback


@pytest.mark.parametrize("host", ["127.0.0.1", "127.3.2.1", "::1", "localhost", "LocalHost"])
def test_this_machine_by_any_name_is_loopback(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "10.0.0.1", "squall.example", "localhost.example", "127.0.0.1.example"])
def test_everything_else_is_the_network(host: str) -> None:
    assert not is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "10.0.0.1"])
@pytest.mark.parametrize("token", ["", "   "])
def test_a_page_open_to_the_network_without_a_token_is_refused(host: str, token: str) -> None:
    with pytest.raises(ConfigurationError, match="SQUALL_WEB__TOKEN"):
        check_access(WebSettings(host=host, token=SecretStr(token)))


def test_loopback_needs_no_token_and_the_network_takes_one() -> None:
    assert check_access(WebSettings()) == ""
    assert check_access(WebSettings(host="0.0.0.0", token=SecretStr(" long "))) == "long"

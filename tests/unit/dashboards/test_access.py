from __future__ import annotations

import pytest
from pydantic import SecretStr

from squall.core.config.settings import WebSettings
from squall.core.errors import ConfigurationError
from squall.dashboards.page.access import check_access


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "10.0.0.1"])
@pytest.mark.parametrize("token", ["", "   "])
def test_a_page_open_to_the_network_without_a_token_is_refused(host: str, token: str) -> None:
    with pytest.raises(ConfigurationError, match="SQUALL_WEB__TOKEN"):
        check_access(WebSettings(host=host, token=SecretStr(token)))


def test_loopback_needs_no_token_and_the_network_takes_one() -> None:
    assert check_access(WebSettings()) == ""
    assert check_access(WebSettings(host="0.0.0.0", token=SecretStr(" long "))) == "long"

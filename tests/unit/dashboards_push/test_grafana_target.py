from __future__ import annotations

import pytest

from squall.core.errors import ConfigurationError
from squall.dashboards.grafana.push import Folder, Target
from squall.dashboards.grafana.push.plan import check_dashboards

TOKEN = "glsa_0123456789abcdef_01234567"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://grafana.example.com", "https://grafana.example.com"),
        ("https://grafana.example.com/", "https://grafana.example.com"),
        ("https://example.com/grafana", "https://example.com/grafana"),
        ("https://example.com:3000//team//grafana/", "https://example.com:3000/team/grafana"),
        (" http://localhost:3000 ", "http://localhost:3000"),
        ("http://127.0.0.9:3000", "http://127.0.0.9:3000"),
        ("http://[::1]:3000/g", "http://[::1]:3000/g"),
    ],
)
def test_an_address_is_read_with_its_port_and_sub_path(url: str, shown: str) -> None:
    assert Target.parse(url, TOKEN).url == shown


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("grafana.example.com", "http or https"),
        ("ftp://grafana.example.com", "http or https"),
        ("https://", "http or https"),
        ("https://host:port", "not a valid address"),
        ("https://host:99999", "not a valid address"),
        ("https://admin:hunter2@host", "user or password"),
        ("https://host/?orgId=1", "query"),
        ("http://grafana.example.com", "unencrypted"),
        ("http://10.0.0.7:3000", "unencrypted"),
        ("http://localhost.example.com:3000", "unencrypted"),
    ],
)
def test_an_invalid_or_unsafe_address_is_refused_with_a_hint(url: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said) as caught:
        Target.parse(url, TOKEN)
    assert caught.value.hint
    assert "hunter2" not in str(caught.value)


def test_plain_http_to_another_machine_has_to_be_asked_for() -> None:
    assert Target.parse("http://10.0.0.7:3000", TOKEN, insecure_http=True).url == "http://10.0.0.7:3000"


@pytest.mark.parametrize("token", ["", "  ", "glsa_two words", "glsa_line\nbreak", "glsa_ümlaut"])
def test_a_token_that_is_none_is_refused_without_being_shown(token: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Target.parse("https://grafana.example.com", token)
    assert "glsa_" not in str(caught.value)


def test_a_token_is_not_in_what_a_target_shows_of_itself() -> None:
    assert TOKEN not in repr(Target.parse("https://grafana.example.com", f" {TOKEN}\n"))


@pytest.mark.parametrize(("uid", "title"), [("", "Squall"), ("a/b", "Squall"), ("x" * 41, "Squall"), ("squall", " ")])
def test_a_folder_needs_a_uid_that_grafana_takes_and_a_title(uid: str, title: str) -> None:
    with pytest.raises(ConfigurationError):
        Folder(uid, title)


@pytest.mark.parametrize(
    "dashboards",
    [[{"uid": "a"}], [{"title": "A"}], [{"uid": "a b", "title": "A"}], [{"uid": "a", "title": "A"}, {"uid": "a", "title": "B"}]],
)
def test_dashboards_without_uid_or_title_or_with_the_same_uid_are_refused(dashboards: list[dict[str, str]]) -> None:
    with pytest.raises(ConfigurationError):
        check_dashboards(dashboards)

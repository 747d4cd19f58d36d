from __future__ import annotations

from pathlib import Path

import pytest

from squall.core.errors import ConfigurationError
from squall.core.records import Kind
from squall.ingest.rss.feed_list import load_feeds


def test_feeds_come_from_a_toml_file(tmp_path: Path) -> None:
    path = tmp_path / "feeds.toml"
    path.write_text(
        '[[feeds]]\nurl = "http://A.com:8080/x"\n[[feeds]]\nurl = "https://b.com"\nname = "b"\nkind = "social"\nsymbols = ["X"]\n'
    )
    first, second = load_feeds(path)
    assert (first.source, first.host, first.interval_seconds, first.kind) == ("a.com:8080", "a.com:8080", 300.0, Kind.NEWS)
    assert (second.source, second.kind, second.symbols) == ("b", Kind.SOCIAL, ("X",))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "feeds"),
        ("[[feeds", "feeds.toml"),
        ("[[feeds]]", "url"),
        ('[[feeds]]\nurl = "file:///etc/passwd"', "http or https"),
        ('[[feeds]]\nurl = "http://a"\nintervall = 5', "intervall"),
        ('[[feeds]]\nurl = "http://a"\ninterval_seconds = 0', "interval_seconds"),
        ('[[feeds]]\nurl = "http://a"\n[[feeds]]\nurl = "http://a"', "more than once"),
    ],
)
def test_an_invalid_list_is_an_error_that_names_its_key(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "feeds.toml"
    path.write_text(text)
    with pytest.raises(ConfigurationError, match=message):
        load_feeds(path)
    with pytest.raises(ConfigurationError, match="does not exist"):
        load_feeds(tmp_path / "none.toml")

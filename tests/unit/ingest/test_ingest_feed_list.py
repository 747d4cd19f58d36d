from __future__ import annotations

from pathlib import Path

import pytest

from squall.cli.ingest.rss import from_feeds
from squall.core.errors import ConfigurationError
from squall.core.records import Kind
from squall.ingest.rss.feed_list import load_feeds
from squall.ingest.rss.presets import preset_feeds, presets


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
        ("", "lists no feed"),
        ("[[feeds", "feeds.toml"),
        ("presets = []", "no feed and no preset"),
        ('presets = ["wire"]', "there is no preset of feeds 'wire'"),
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


def test_a_preset_is_listed_beside_own_feeds_which_replace_those_with_the_same_address(tmp_path: Path) -> None:
    shipped = presets()["exchanges"]
    path = tmp_path / "feeds.toml"
    path.write_text(f'presets = ["exchanges"]\n[[feeds]]\nurl = "{shipped[0].url}"\nname = "halts"\n')

    feeds = load_feeds(path)
    assert [feed.name for feed in feeds] == ["halts", *(feed.name for feed in shipped[1:])]
    path.write_text('presets = ["exchanges", "wires"]')
    assert load_feeds(path) == (*shipped, *presets()["wires"]) == preset_feeds(["exchanges", "wires", "exchanges"])


def test_each_feed_that_ships_has_a_name_and_an_address_of_its_own_and_says_its_zone_or_has_several_languages() -> None:
    feeds = [feed for shipped in presets().values() for feed in shipped]
    assert len({feed.name for feed in feeds}) == len({feed.url for feed in feeds}) == len(feeds)
    for feed in feeds:
        assert feed.name == feed.source
        assert feed.language[:2] in {"en", ""}
        assert feed.timezone != "UTC" or "wire" in feed.name


def test_the_help_lists_every_preset() -> None:
    text = from_feeds.__doc__ or ""
    listed = text.partition("Presets, lists of feeds that ship:")[2].partition("`squall ingest check")[0]
    assert [line.split()[0] for line in listed.strip().splitlines()] == sorted(presets())

"""Types of sources and the list of sources: what is found, and what errors say."""

from __future__ import annotations

from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
from pydantic import Field, SecretStr

from squall.core.errors import ConfigurationError
from squall.ingest.registry.source_list import ConfiguredSource, load_sources
from squall.ingest.registry.source_type import Secret, SourceOptions
from squall.ingest.registry.types import BUILT_IN, GROUP, SourceTypes, installed_types

LIST = EntryPoint("list", "tests.support.list_source:ListType", GROUP)


def load(folder: Path, text: str, **secrets: str) -> tuple[ConfiguredSource, ...]:
    path = folder / "sources.toml"
    path.write_text(text)
    return load_sources(path, SourceTypes([LIST]), {name: SecretStr(value) for name, value in secrets.items()})


def table(name: str = "a", rest: str = 'titles = ["One"]', kind: str = "list") -> str:
    return f'[[source]]\ntype = "{kind}"\nname = "{name}"\n{rest}\n'


def test_a_list_gives_each_source_its_type_name_and_options(tmp_path: Path) -> None:
    first, second = load(tmp_path, table("a") + table("b.2", "titles = []\nlive = false"))
    assert (first.name, first.type.name, first.options.titles, first.options.live) == ("a", "list", ("One",), True)  # type: ignore[attr-defined]
    assert (second.name, second.options.live, second.cursor_name) == ("b.2", False, "source:list:b.2")  # type: ignore[attr-defined]


def test_a_secret_comes_from_the_settings_and_is_not_shown(tmp_path: Path) -> None:
    (source,) = load(tmp_path, table(rest='titles = []\npassword = "secret:Desk"'), desk="hunter2hunter2")
    assert source.options.password.get_secret_value() == "hunter2hunter2"  # type: ignore[attr-defined]
    assert "hunter2" not in repr(source)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ["lists no source"]),
        ("[[feeds]]\nurl = 'x'\n", ["feeds", "only [[source]]"]),
        ("[[source]]\nname = 'a'\n", ["source 1 (a): type: is required", "types: "]),
        (table(kind="nope"), ["source 1 (nope a): there is no type of source 'nope'", "list"]),
        (table(name="no spaces"), ["source 1", "name: is required"]),
        (table(name="rss"), ["rss is the name of another source"]),
        (table("a") + table("A"), ["several sources have the name a"]),
        (table(rest=""), ["source 1 (list a): titles: is required", 'a usual table of type list: name = "…", titles = ["One", "Two"]']),
        (table(rest='titels = ["x"]\ntitles = []'), ["titels: is no option; did you mean titles?"]),
        (table(rest="zzz = 1\ntitles = []"), ["zzz: is no option; options: titles, fault, live, password"]),
        (table(rest="titles = 3"), ["source 1 (list a): titles: "]),
        (table() + table("b", "titles = 3") + table("c", "titles = 4"), ["source 2 (list b)", "source 3 (list c)"]),
        (table(rest='titles = []\npassword = "secret:mail"'), ["password: there is no secret 'mail'", "SQUALL_INGEST__SECRETS__MAIL"]),
        ("[[source]\n", ["sources.toml: "]),
        ("[source]\ntype = 'list'\n", ["[source] is one table", "write [[source]]"]),
        (table(rest="") + table("b", "paths = 3", "folder"), ["of type list: ", "of type folder: ", 'path = "/data/incoming"']),
        (table(rest="path = 3", kind="folder"), ['path: must be a path in quotes, such as "/data/incoming"']),
    ],
    ids=range(17),
)
def test_an_error_names_file_table_field_and_remedy(text: str, words: list[str], tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as raised:
        load(tmp_path, text)
    assert raised.value.what.startswith(str(tmp_path / "sources.toml"))
    assert [word for word in words if word not in str(raised.value)] == []


@pytest.mark.parametrize(
    ("rest", "words"),
    [
        ('keywords = "x"', 'keywords: must be a list, such as ["x"]'),
        ('keywords = ["bank", 5]', 'keywords, number 2 of the list: must be text in quotes, such as "x"'),
        ('cashtags = "F"', 'cashtags: must be true or false or a list, such as ["x"]'),
        ("cashtags = [true]", 'cashtags, number 1 of the list: must be text in quotes, such as "x"'),
        ('cashtags = true\nreplies = "perhaps"', "replies: must be true or false"),
        ('cashtags = true\nprotocol = "v3"', "protocol: must be 'v2' or 'v1'"),
        ('cashtags = true\nstart_hours = "soon"', "start_hours: must be a number"),
        ("cashtags = true\nstart_hours = 40", "start_hours: must be less than or equal to 36"),
        ('keywords = ["*"]', "'*' is no keyword"),
    ],
    ids=range(9),
)
def test_a_value_of_another_kind_is_said_in_terms_of_the_file(rest: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as raised:
        load(tmp_path, table(rest=rest, kind="bluesky"))
    assert words in raised.value.what
    assert "tuple" not in str(raised.value)


def test_a_secret_that_is_left_out_is_one_too() -> None:
    class Options(SourceOptions):
        token: Secret = Field("none")  # type: ignore[assignment]

    assert Options().token.get_secret_value() == "none"


def test_a_wrong_secret_is_not_repeated(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as raised:
        load(tmp_path, table(rest='titles = 3\npassword = "hunter2hunter2"\nextra = "hunter2hunter2"'))
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("tests.support.no_module:ListType", "can't be loaded: ModuleNotFoundError"),
        ("tests.support.list_source:ListSource", "is no subclass of squall.sources.SourceType"),
        ("squall.sources:SourceType", "lacks name, summary, Options, example, open"),
        ("tests.support.list_source:ListType", "calls itself 'list'"),
    ],
)
def test_a_broken_package_is_named_with_what_is_wrong(value: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        SourceTypes([EntryPoint("other", value, GROUP)]).get("other")


def test_a_name_that_two_packages_have_can_not_be_used() -> None:
    with pytest.raises(ConfigurationError, match="several packages"):
        SourceTypes([LIST, LIST]).get("list")


def test_each_type_of_squall_can_be_made_and_describes_its_options() -> None:
    for name in BUILT_IN:
        kind = installed_types().get(name)
        assert kind.summary
        assert kind.example
        assert [option for option, field in kind.Options.model_fields.items() if not field.description] == []

"""What ships with Squall, and how it is found."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from squall.core.errors import ConfigurationError
from squall.core.records import EntityKind
from squall.entities.catalogue.catalogue import Catalogue
from squall.entities.catalogue.data_file import DATA_FILE, kind_of, read_data_file, write_data_file
from squall.entities.catalogue.listings import parse_listing, symbol_forms
from squall.entities.entity import Listing
from squall.entities.names import name_key

MOST_BYTES = 2 * 1024 * 1024


@pytest.mark.parametrize(
    ("written", "entity"),
    [
        ("AAPL", "company:apple-inc"),
        ("$AAPL", "company:apple-inc"),
        ("AAPL.O", "company:apple-inc"),
        ("<F.N>", "company:ford-motor-company"),
        ("ulvr.l", "company:unilever-plc"),
        ("BRK-B", "company:berkshire-hathaway-inc"),
        ("BRK.B", "company:berkshire-hathaway-inc"),
        ("brk/b", "company:berkshire-hathaway-inc"),
        ("ABBN.S", "company:abb-ltd"),
        ("MAERSK-B.CO", "company:ap-moller-maersk-a-s"),
        ("FB", "company:meta-platforms-inc"),
        ("COP", "company:conocophillips"),
        ("CL", "company:colgate-palmolive-company"),
        ("BTC", "currency:bitcoin"),
        (".SPX", "index:s-and-p-500"),
    ],
)
def test_a_ticker_is_found_in_its_usual_forms(catalogue: Catalogue, written: str, entity: str) -> None:
    found = catalogue.by_symbol(written)
    assert found is not None
    assert found.id == entity


@pytest.mark.parametrize("written", ["", "$", ".", "<>", "NOSUCH", "AAPL.NOSUCH", "🍏", "A" * 100_000])
def test_what_is_no_ticker_finds_nothing(catalogue: Catalogue, written: str) -> None:
    assert catalogue.by_symbol(written) is None


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("VW", "Volkswagen"),
        ("J.P. Morgan", "JPMorgan Chase"),
        ("BofA", "Bank of America"),
        ("StanChart", "Standard Chartered"),
        ("RIM", "BlackBerry"),
        ("P&G", "Procter & Gamble"),
        ("SocGen", "Société Générale"),
        ("RBS", "NatWest Group"),
        ("Google", "Alphabet"),
        ("Facebook", "Meta Platforms"),
        ("Merrill Lynch", "Merrill Lynch"),
        ("Fed", "Federal Reserve"),
        ("Dow Jones", "Dow Jones Industrial Average"),
        ("Greek", "Greece"),
        ("sterling", "British pound"),
        ("Brent", "Brent crude"),
        ("Draghi", "Mario Draghi"),
    ],
)
def test_short_forms_and_former_names_mean_the_entity(catalogue: Catalogue, name: str, shown: str) -> None:
    assert catalogue.named(name)[0].name == shown


def test_subsidiaries_and_people_belong_to_their_company(catalogue: Catalogue) -> None:
    assert {"company:audi", "company:skoda", "person:martin-winterkorn"} <= set(catalogue.members("company:volkswagen-ag"))
    assert "company:alphabet-inc" in catalogue.ancestors("company:youtube")
    assert {"company:jpmorgan-chase-and-co", "person:jamie-dimon"} <= set(catalogue.members("sector:financials"))


def test_every_edge_leads_to_an_entity(catalogue: Catalogue) -> None:
    ends = {end for entity in catalogue for end in (entity.country, entity.parent) if end}
    assert [end for end in sorted(ends) if end not in catalogue] == []


def test_every_industry_has_one_sector(catalogue: Catalogue) -> None:
    sectors: dict[str, set[str]] = {}
    for entity in catalogue:
        if entity.industry:
            sectors.setdefault(entity.industry, set()).add(entity.sector)
    assert {industry: found for industry, found in sectors.items() if len(found) != 1} == {}
    assert len({entity.sector for entity in catalogue if entity.sector}) == 11


def test_every_entity_is_sound(catalogue: Catalogue) -> None:
    for entity in catalogue:
        assert kind_of(entity.id) is entity.kind
        assert entity.name == entity.name.strip()
        assert all(len(name_key(name)) > 1 for name in (entity.name, *entity.aliases)), entity
        assert 0 <= entity.size <= 6
        assert len({name_key(name) for name in (entity.name, *entity.aliases)}) == 1 + len(entity.aliases), entity


def test_ordinary_words_and_two_letters_need_context_and_names_do_not(catalogue: Catalogue) -> None:
    words = (
        "Apple",
        "Target",
        "Gap",
        "Ford",
        "Visa",
        "Total",
        "Shell",
        "Sprint",
        "Orange",
        "Next",
        "Boots",
        "meta",
        "block",
        "GE",
        "Greek",
    )
    names = ("Volkswagen", "Boeing", "Nestlé", "Barclays", "JPMorgan", "Royal Mail", "Lehman", "Google", "Best Buy", "General Motors")
    assert [word for word in words if not catalogue.needs_context(word)] == []
    assert [name for name in names if catalogue.needs_context(name)] == []


def test_search_ranks_exact_names_then_beginnings_then_size(catalogue: Catalogue) -> None:
    assert catalogue.find("volks")[0].id == "company:volkswagen-ag"
    assert catalogue.find("AAPL")[0].id == "company:apple-inc"
    assert catalogue.find("apple")[0].id == "company:apple-inc"
    assert len(catalogue.find("bank", 7)) == 7
    assert catalogue.find("zzzzzz") == catalogue.find("") == catalogue.find("...") == []


def test_the_shipped_file_is_small_and_survives_being_written_again(tmp_path: Path) -> None:
    assert DATA_FILE.stat().st_size < MOST_BYTES
    entities, version = read_data_file()
    copy = tmp_path / "copy.json.gz"
    write_data_file(entities, copy)
    assert read_data_file(copy) == (entities, version)
    assert {entity.kind for entity in entities} == set(EntityKind) - {EntityKind.OTHER}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not gzip",
        *map(gzip.compress, (b"not json", b'{"format":99,"entities":[]}', b'{"format":2,"version":"v","entities":[["x"]]}')),
    ],
    ids=["empty", "not gzip", "not JSON", "another format", "a row of one field"],  # compressed bytes hold the time
)
def test_a_damaged_file_is_an_error_with_its_name(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "catalogue.json.gz"
    path.write_bytes(content)
    with pytest.raises(ConfigurationError, match=r"catalogue\.json\.gz"):
        read_data_file(path)


def test_tickers_are_read_as_exchanges_write_them() -> None:
    assert parse_listing("aapl") == Listing("AAPL")
    assert parse_listing("BRK-B") == parse_listing("BRK.B") == Listing("BRK.B")
    assert parse_listing("MAERSK-B.CO") == Listing("MAERSK-B", "CO")
    assert parse_listing("AAPL.OQ") == Listing("AAPL")
    assert parse_listing("NESN.S") == Listing("NESN", "SW")
    assert symbol_forms("F.N") == ("F.N", "F")


@pytest.mark.parametrize(
    ("symbol", "country", "size"),
    [
        ("SAN.PA", "france", 6),
        ("BN.PA", "france", 5),
        ("KNEBV.HE", "finland", 5),
        ("6753.T", "japan", 4),
        ("GD", "united-states", 5),
        ("AXON", "united-states", 5),
        ("NAS.OL", "norway", 3),
        ("SEZAL.NS", "india", 1),
    ],
)
def test_what_the_source_says_of_other_companies_is_put_right(catalogue: Catalogue, symbol: str, country: str, size: int) -> None:
    company = catalogue.by_symbol(symbol)
    assert company is not None
    assert (company.country, company.size) == (f"country:{country}", size)

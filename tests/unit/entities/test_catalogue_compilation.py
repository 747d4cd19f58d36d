"""How the shipped entities are made from the source tables."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path

import pytest

from squall.core.records import EntityKind
from squall.entities.catalogue.data_file import DATA_FILE, read_data_file, write_data_file
from squall.entities.compilation.__main__ import compile_entities
from squall.entities.compilation.companies import company_entities, titled
from squall.entities.compilation.drafts import Drafts
from squall.entities.compilation.general_words import drop_general_words
from squall.entities.compilation.tables import FOLDER, read_table, sector_of
from squall.entities.entity import Entity, Listing
from tests.conftest import DATA

COLUMNS = (
    "name",
    "other_names",
    "us_ticker",
    "cik",
    "listings",
    "sector",
    "industry_group",
    "industry",
    "country",
    "market_cap",
    "delisted",
    "website",
)


def compiled(tmp_path: Path, *rows: dict[str, str]) -> list[Entity]:
    path = tmp_path / "companies.csv.gz"
    with gzip.open(path, "wt", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, COLUMNS, restval="")
        writer.writeheader()
        writer.writerows(rows)
    return company_entities(path)[0]


def test_a_row_becomes_a_company_under_the_name_that_people_write(tmp_path: Path) -> None:
    row = {
        "name": "Alpenbank Holding AG",
        "listings": "ALPB.DE;0ABC.L",
        "us_ticker": "ALPBY;ALPB-PA",
        "sector": "Financials",
        "industry": "Banks",
    }
    (bank,) = compiled(tmp_path, row | {"country": "Germany", "market_cap": "Large"})
    assert (bank.id, bank.name, bank.aliases) == (
        "company:alpenbank-holding-ag",
        "Alpenbank Holding",
        ("Alpenbank Holding AG", "Alpenbank"),
    )
    assert bank.symbols == ("ALPB.DE", "ALPBY")
    assert (bank.country, bank.size) == ("country:germany", 5)


def test_foreign_listings_under_abbreviations_are_dropped_and_a_home_listing_is_kept(tmp_path: Path) -> None:
    rows = [
        {"name": "GENL EL. CO.  DL -,06", "listings": "GEC.BE;GEC.MU", "country": "United States"},
        {"name": "PUMA SE", "listings": "PUM.DE;PUM.BE", "country": "Germany"},
    ]
    assert [company.name for company in compiled(tmp_path, *rows)] == ["Puma"]


def test_rows_of_one_company_are_merged_and_namesakes_of_two_countries_are_not(tmp_path: Path) -> None:
    rows = [
        {"name": "Bank of Alps Corporation", "listings": "BOAX.DE", "country": "United States"},
        {"name": "BANK OF ALPS CORP /DE/", "us_ticker": "BOAX", "cik": "70858"},
        {"name": "Polaris Inc.", "us_ticker": "PII", "country": "United States"},
        {"name": "Polaris Limited", "listings": "POL.AX", "country": "Australia"},
    ]
    companies = compiled(tmp_path, *rows)
    assert [(company.name, company.symbols) for company in companies] == [
        ("Bank of Alps", ("BOAX", "BOAX.DE")),
        ("Polaris", ("PII",)),
        ("Polaris", ("POL.AX",)),
    ]
    assert len({company.id for company in companies}) == 3


def test_facts_copied_from_a_company_whose_name_is_inside_another_are_taken_out(tmp_path: Path) -> None:
    facts = {"sector": "Information Technology", "country": "Japan", "market_cap": "Mid", "website": "http://www.tis.com"}
    listed = {"TIS Inc.": "3626.T", "Zoetis Inc.": "ZTS.MX", "TIS Solutions": "9999.T"}
    companies = compiled(tmp_path, *({"name": name, "listings": listing} | facts for name, listing in listed.items()))
    found = {company.name: (company.sector, company.country, company.size) for company in companies}
    japanese = ("Information Technology", "country:japan", 4)
    assert found == {"TIS": japanese, "TIS Solutions": japanese, "Zoetis": ("", "", 0)}


def test_a_site_of_hundreds_of_companies_tells_nothing_of_them(tmp_path: Path) -> None:
    facts = {"sector": "Consumer Discretionary", "country": "United States", "market_cap": "Large", "website": "http://www.rh.com"}
    rows = [{"name": "RH", "us_ticker": "RH"}, *({"name": f"Company {number} Berhad", "listings": f"{number}.KL"} for number in range(20))]
    owner, *others = compiled(tmp_path, *(row | facts for row in rows))
    assert (owner.sector, owner.country, owner.size) == ("Consumer Discretionary", "country:united-states", 5)
    assert {(company.sector, company.country, company.size) for company in others} == {("", "country:malaysia", 0)}


@pytest.mark.parametrize(
    ("listings", "country"),
    [("BN.PA;BSN.DE", "france"), ("KNEBV.HE;KC4.DU;KC4.HA", "finland"), ("NAS.OL;NWC.BE", "norway"), ("X.PA;X.OL", "united-states")],
)
def test_the_united_states_give_way_to_the_one_country_that_lists_a_company(tmp_path: Path, listings: str, country: str) -> None:
    (company,) = compiled(tmp_path, {"name": "Zorgblat SA", "listings": listings, "country": "United States"})
    assert company.country == f"country:{country}"


@pytest.mark.parametrize("name", ["Leverage Shares 2x Apple", "Zorgblat -1x Apple ETC", "Zorgblat Metals UCITS"])
def test_a_certificate_has_none_of_the_facts_of_what_it_holds(tmp_path: Path, name: str) -> None:
    facts = {"sector": "Energy", "industry": "Oil", "country": "United States", "market_cap": "Mega", "website": "http://www.apple.com"}
    apple, certificate = compiled(tmp_path, {"name": "Apple", "us_ticker": "AAPL"} | facts, {"name": name, "listings": "ZZ.L"} | facts)
    assert (apple.sector, apple.size) == ("Energy", 6)
    assert (certificate.sector, certificate.industry, certificate.country, certificate.size) == ("", "", "", 0)


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ("SOUTHSIDE BANCSHARES INC", "Southside Bancshares Inc"),
        ("BANK OF THE WEST", "Bank of the West"),
        ("ASML", "ASML"),
        ("eBay Inc.", "eBay Inc."),
        ("HSBC BANK PLC", "HSBC Bank plc"),
    ],
)
def test_names_in_capitals_are_written_as_people_do(given: str, written: str) -> None:
    assert titled(given) == written


def test_a_copy_gives_its_names_and_tickers_to_the_company() -> None:
    one = Entity("company:total-se", EntityKind.COMPANY, "Total", listings=(Listing("FP", "PA"), Listing("TOTN", "MX")), size=5)
    two = Entity("company:totalenergies-se", EntityKind.COMPANY, "TotalEnergies", listings=(Listing("TTE", "PA"),))
    drafts = Drafts([one, two])
    drafts.merge(one, two)
    (merged,) = drafts.by_id.values()
    assert (merged.name, merged.aliases, merged.symbols, merged.size) == ("TotalEnergies", ("Total",), ("TTE.PA", "FP.PA"), 5)


def test_the_handwritten_tables_are_sound() -> None:
    for path in sorted(FOLDER.glob("*.csv")):
        for row in read_table(path.stem):
            assert None not in row, f"{path.name}: too many cells in {row}"
            assert None not in row.values(), f"{path.name}: too few cells in {row}"
    for table in ("companies_known", "companies_unlisted"):
        rows = read_table(table)
        assert [row["name"] for row in rows if row["industry"] and row["industry"] not in sector_of()] == []
        assert len({row["name"] for row in rows}) == len(rows)
    assert {row["industry"] for row in read_table("sub_industries")} <= set(sector_of())


@pytest.mark.slow
def test_what_ships_is_what_the_compilation_makes(tmp_path: Path) -> None:
    if not (DATA / "companies").exists():
        pytest.skip("../shared/data is not here")
    copy = tmp_path / "catalogue.json.gz"
    write_data_file(compile_entities(DATA).by_id.values(), copy)
    assert read_data_file(copy) == read_data_file(DATA_FILE)


def test_an_ordinary_word_that_several_companies_begin_with_is_no_name_of_one_that_does_not_stand_out() -> None:
    others = [Entity(f"company:{number}", EntityKind.COMPANY, f"Global {number} Mining", size=4) for number in ("One", "Two", "Three")]
    last = Entity("company:alpen", EntityKind.COMPANY, "Alpen Global", ("Global",), size=5)
    first = Entity("company:global-corp", EntityKind.COMPANY, "Global", ("Global Corp.",), former_names=("Global",), size=4)
    drafts = Drafts([*others, last, first])
    drop_general_words(drafts)
    assert (drafts.by_id["company:alpen"].name, drafts.by_id["company:alpen"].aliases) == ("Alpen Global", ())
    changed = drafts.by_id["company:global-corp"]
    assert (changed.name, changed.aliases, changed.former_names) == ("Global Corp.", (), ())


def test_a_general_word_stays_with_the_company_that_is_called_by_it() -> None:
    others = [Entity(f"company:{number}", EntityKind.COMPANY, f"Crown {number} Mining", size=4) for number in ("One", "Two", "Three")]
    names = {"large": (5, "Crown Holdings"), "dominant": (6, "Crown"), "small": (3, "Crown Group")}
    kept = {}
    for case, (size, name) in names.items():
        drafts = Drafts([*others, Entity("company:crown", EntityKind.COMPANY, name, ("Crown", "Crown Company"), size=size)])
        drop_general_words(drafts)
        kept[case] = "Crown" in drafts.by_id["company:crown"].aliases or drafts.by_id["company:crown"].name == "Crown"
    assert kept == {"large": True, "dominant": True, "small": False}


@pytest.mark.parametrize(("row", "name"), [("United Airlines", "United"), ("Next", "Next")])
def test_a_general_word_that_the_handwritten_tables_give_a_company_stays(row: str, name: str) -> None:
    assert [each for each in read_table("companies_known") if each["name"] == row] != []
    others = [Entity(f"company:{number}", EntityKind.COMPANY, f"{name} {number} Mining", size=6) for number in ("One", "Two", "Three")]
    company = Entity("company:it", EntityKind.COMPANY, row, (name,) if name != row else (), size=1)
    drafts = Drafts([*others, company])
    drop_general_words(drafts)
    assert drafts.by_id["company:it"] == company

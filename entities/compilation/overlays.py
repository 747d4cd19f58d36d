"""What other sources know of companies: the S&P 500's members and industries, and Indian short names."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

from squall.core.records import EntityKind
from squall.entities.catalogue.common_words import is_common
from squall.entities.compilation.companies import surface_forms
from squall.entities.compilation.drafts import Drafts, merged_names
from squall.entities.compilation.tables import parts, read_table, sector_of
from squall.entities.entity import Entity, Listing
from squall.entities.names import legal_short_form, name_key

_LARGE = 5
_ALIKE = 3
_MOST_TICKER_CHARS = 5
_THEME_WORDS = frozenset(("companies", "companis", "cos", "firms", "makers", "sector", "sectors", "shares", "space", "stock", "stocks"))
_FOREIGN_SEATS = {"UK": "united-kingdom", "England": "united-kingdom"} | {
    seat: seat.lower().replace(" ", "-")
    for seat in ("Ireland", "Bermuda", "Switzerland", "Netherlands", "United Kingdom", "Singapore", "Luxembourg", "Canada")
}


def add_index_members(drafts: Drafts, path: Path, id_by_cik: Mapping[str, str]) -> None:
    """Give the members of the S&P 500 their names, industries and countries: of the companies table many have no sector."""
    industry_of = {row["sub_industry"]: row["industry"] for row in read_table("sub_industries")}
    with path.open(encoding="utf-8", newline="") as lines:
        members = list(csv.DictReader(lines))
    for row in members:
        symbol = row["Symbol"].replace("-", ".")
        name, *forms = surface_forms([row["Security"].replace(" (The)", "").partition(" (Class")[0]])
        industry = industry_of[row["GICS Sub-Industry"]]
        place = row["Headquarters Location"].rpartition(",")[2].strip()
        country = f"country:{_FOREIGN_SEATS.get(place, 'united-states')}"
        listed = drafts.by_id.get(id_by_cik.get(row["CIK"], ""))
        known = listed or drafts.with_name(name, EntityKind.COMPANY) or _alike(drafts, symbol, name)
        if known is None:
            entity_id = drafts.new_id(EntityKind.COMPANY, name)
            known = drafts.put(Entity(entity_id, EntityKind.COMPANY, name, tuple(forms)))
        drafts.change(
            known,
            name=name,
            aliases=merged_names(name, forms, known.aliases, [known.name]),
            listings=tuple(dict.fromkeys((Listing(symbol), *known.listings))),
            country=known.country or country,
            size=max(known.size, _LARGE),
            sector=row["GICS Sector"],
            industry=industry,
        )


def _alike(drafts: Drafts, symbol: str, name: str) -> Entity | None:
    """The company of a ticker, if its name begins alike: a ticker can have passed to another."""
    known = drafts.with_symbol(symbol)
    return known if known is not None and name_key(known.name)[:_ALIKE] == name_key(name)[:_ALIKE] else None


def add_indian_names(drafts: Drafts, path: Path) -> None:
    """Add the names by which Indian headlines call companies (SEntFiN's list of entities); themes such as "pharma stocks" stay out."""
    with path.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            names = [part.strip() for part in row["Entity"].split(",") if part.strip()]
            symbol = row["Symbol"].strip()
            full = names[0].partition(" - ")[0].removesuffix("- Old").strip() if names else ""
            if legal_short_form(full) == full or any(_THEME_WORDS & set(name_key(name).split()) for name in names):
                continue
            short = legal_short_form(full)
            known = drafts.with_symbol(f"{symbol}.NS") or drafts.with_symbol(f"{symbol}.BO") or drafts.with_name(short, EntityKind.COMPANY)
            others = [name for name in names[1:] if _is_name(name, symbol)]
            if known is None:
                drafts.put(
                    Entity(
                        drafts.new_id(EntityKind.COMPANY, full), EntityKind.COMPANY, short, merged_names(short, [full], others),
                        country="country:india", size=2,
                    )
                )  # fmt: skip
            elif known.country in {"", "country:india"}:
                drafts.change(known, aliases=merged_names(known.name, known.aliases, [full], others))


def _is_name(name: str, symbol: str) -> bool:
    """Not an exchange's code nobody writes ("HCLTECH"), nor a bare ordinary word."""
    if name_key(name) == name_key(symbol) and len(symbol) > _MOST_TICKER_CHARS and name.upper() == name:
        return False
    return len(name_key(name)) > 1 and not (is_common(name) and name.islower()) and len(parts(name)) == 1


def with_known_sectors(drafts: Drafts) -> None:
    """Take each industry's sector for its companies', and drop industries that GICS does not have."""
    for entity in list(drafts.by_id.values()):
        if entity.kind is EntityKind.COMPANY and entity.industry:
            sector = sector_of().get(entity.industry)
            if sector is None:
                drafts.change(entity, industry="")
            elif sector != entity.sector:
                drafts.change(entity, sector=sector)

"""The tables that are written by hand: short forms, former names, parents, and everything that is no company."""

from __future__ import annotations

from squall.core.records import EntityKind
from squall.entities.catalogue.listings import parse_listing
from squall.entities.compilation.drafts import Drafts, merged_names
from squall.entities.compilation.tables import parts, read_table, sector_of
from squall.entities.entity import Entity, Listing
from squall.entities.names import slug

_KIND_OF_TABLE = {
    "indices": EntityKind.INDEX,
    "currencies": EntityKind.CURRENCY,
    "commodities": EntityKind.COMMODITY,
    "people": EntityKind.PERSON,
}
_KNOWN = 5
"""Size of what has no market capitalisation: as a large company."""
_OTHERS_SIZE = 2
"""By so many classes the source's size exceeds ours only where it is another company's: a glazier's, of the class of Apple."""


def add_countries(drafts: Drafts) -> None:
    """Add all countries; adjectives ("Greek") are aliases, which `Catalogue.needs_context` tells apart."""
    for row in read_table("countries"):
        names = merged_names(row["name"], parts(row["aliases"]), parts(row["adjectives"]))
        drafts.put(Entity(f"country:{slug(row['name'])}", EntityKind.COUNTRY, row["name"], names, size=_KNOWN))


def adjectives() -> list[str]:
    """Return the adjectives of all countries."""
    return sorted({adjective for row in read_table("countries") for adjective in parts(row["adjectives"])})


def add_known_companies(drafts: Drafts) -> None:
    """Give the companies that make news the names under which they do; those that the table lacks are added."""
    for row in read_table("companies_known"):
        listing = parse_listing(row["key"])
        known = drafts.with_symbol(str(listing)) or _found_by_name(drafts, row)
        if known is None:
            _put_company(drafts, row, (listing,))
            continue
        former = parts(row["former_names"])
        values: dict[str, object] = {
            "name": row["name"],
            "aliases": merged_names(row["name"], parts(row["aliases"]), [n for n in (known.name, *known.aliases) if n not in former]),
            "former_names": former,
            "size": _size(known.size, int(row["size"] or 0)),
            "listings": tuple(dict.fromkeys((listing, *known.listings))),
        }
        if row["country"]:
            values["country"] = f"country:{slug(row['country'])}"
        if row["industry"]:
            values |= {"industry": row["industry"], "sector": sector_of()[row["industry"]]}
        if row["parent"]:
            values["parent"] = row["parent"]
        drafts.change(known, **values)


def _size(source: int, by_hand: int) -> int:
    """The larger of the two; that of the hand-written table where the source has a much larger company's."""
    return by_hand if by_hand and source - by_hand >= _OTHERS_SIZE else max(source, by_hand)


def add_unlisted_companies(drafts: Drafts) -> None:
    """Add brands and subsidiaries that news names by themselves, private companies, and large ones that exist no more."""
    for row in read_table("companies_unlisted"):
        known = _found_by_name(drafts, row)
        if known is None:
            _put_company(drafts, row, ())
            continue
        aliases = merged_names(row["name"], parts(row["aliases"]), [known.name, *known.aliases])
        drafts.change(known, name=row["name"], aliases=aliases, parent=row["parent"], size=max(known.size, int(row["size"] or 0)))


def _found_by_name(drafts: Drafts, row: dict[str, str]) -> Entity | None:
    """The company of a row's name, else of a longer alias; not one of another country."""
    long = [name for name in (*parts(row["aliases"]), *parts(row["former_names"])) if " " in name]
    country = f"country:{slug(row['country'])}" if row["country"] else ""
    for name in (row["name"], *long):
        known = drafts.with_name(name, EntityKind.COMPANY)
        if known is not None and (not country or known.country in {"", country}):
            return known
    return None


def _put_company(drafts: Drafts, row: dict[str, str], listings: tuple[Listing, ...]) -> None:
    industry = row["industry"]
    drafts.put(
        Entity(
            id=drafts.new_id(EntityKind.COMPANY, row["name"]),
            kind=EntityKind.COMPANY,
            name=row["name"],
            aliases=merged_names(row["name"], parts(row["aliases"])),
            former_names=parts(row["former_names"]),
            listings=listings,
            sector=sector_of()[industry] if industry else "",
            industry=industry,
            country=f"country:{slug(row['country'])}" if row["country"] else "",
            parent=row["parent"],
            size=int(row["size"] or 0),
        )
    )


def merge_copies(drafts: Drafts) -> None:
    """Bring together companies that the source has twice under names of two times: "Total SE" and "TotalEnergies SE".

    Raises:
        ValueError: a row of the table names no entity.
    """
    for row in read_table("same_companies"):
        copy, entity = drafts.by_id.get(f"company:{row['copy']}"), drafts.by_id.get(f"company:{row['company']}")
        if copy is None or entity is None:
            raise ValueError(f"same_companies.csv: {row['copy']} or {row['company']} is no company")
        drafts.merge(copy, entity)


def add_former_tickers(drafts: Drafts) -> None:
    """Add tickers of the past, which history holds ("FB", "RIMM"): the last of a company's, so that today's owner of a ticker has it."""
    for row in read_table("former_tickers"):
        entity = drafts.with_name(row["company"], EntityKind.COMPANY)
        if entity is not None:
            drafts.change(entity, listings=tuple(dict.fromkeys((*entity.listings, *(parse_listing(t) for t in parts(row["tickers"]))))))


def add_other_names(drafts: Drafts) -> None:
    """Add central banks, regulators, places, indices, currencies, commodities and people."""
    kinds = {
        "indices": EntityKind.INDEX,
        "currencies": EntityKind.CURRENCY,
        "commodities": EntityKind.COMMODITY,
        "people": EntityKind.PERSON,
    }
    for table in ("organisations", *kinds):
        for row in read_table(table):
            kind = _KIND_OF_TABLE.get(table) or EntityKind(row["kind"])
            drafts.put(
                Entity(
                    id=drafts.new_id(kind, row["name"]),
                    kind=kind,
                    name=row["name"],
                    aliases=merged_names(row["name"], parts(row["aliases"])),
                    former_names=parts(row.get("former_names", "")),
                    listings=tuple(Listing(symbol) for symbol in parts(row.get("symbols", ""))),
                    country=f"country:{slug(row['country'])}" if row.get("country") else "",
                    parent=row.get("parent", ""),
                    size=_KNOWN,
                )
            )


def resolve_parents(drafts: Drafts, *, strict: bool = True) -> None:
    """Replace tickers and names in `parent` by ids.

    Args:
        drafts: all entities.
        strict: refuse parents that are missing; otherwise leave them empty.

    Raises:
        ValueError: a table names a parent or a country that is not among the entities.
    """
    missing = []
    for entity in list(drafts.by_id.values()):
        if entity.country and entity.country not in drafts.by_id:
            missing.append(f"{entity.id}: {entity.country}")
        if entity.parent and entity.parent not in drafts.by_id:
            parent = drafts.with_symbol(str(parse_listing(entity.parent))) or drafts.with_name(entity.parent)
            if parent is None or parent.id == entity.id:
                missing.append(f"{entity.id}: {entity.parent}")
                drafts.change(entity, parent="")
            else:
                drafts.change(entity, parent=parent.id)
    if missing and strict:
        raise ValueError(f"parents and countries that are no entities: {'; '.join(missing)}")

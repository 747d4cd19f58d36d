"""`python -m squall.entities.compilation`: make the files of `entities/data`."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path

from squall.entities.catalogue.catalogue import Catalogue
from squall.entities.catalogue.common_words import ADJECTIVES_FILE, WORDS_FILE
from squall.entities.catalogue.data_file import DATA_FILE, read_data_file, write_data_file
from squall.entities.compilation.companies import company_entities
from squall.entities.compilation.drafts import Drafts
from squall.entities.compilation.general_words import drop_general_words
from squall.entities.compilation.known_names import (
    add_countries,
    add_former_tickers,
    add_known_companies,
    add_other_names,
    add_unlisted_companies,
    adjectives,
    merge_copies,
    resolve_parents,
)
from squall.entities.compilation.overlays import add_index_members, add_indian_names, with_known_sectors
from squall.entities.compilation.usage import word_usage, write_usage
from squall.entities.compilation.words import common_words
from squall.entities.linking.forms.ready_made import FORMS_FILE, write_forms
from squall.entities.linking.odds.usage import USAGE_FILE


def compile_entities(data: Path, *, unlisted: bool = True) -> Drafts:
    """Return all entities.

    Args:
        data: folder of the data sets.
        unlisted: with the companies of the hand-written tables that no exchange lists today; without them, one can measure how well
            names are found that the catalogue lacks.
    """
    companies, id_by_cik = company_entities(data / "companies" / "companies.csv.gz")
    drafts = Drafts(companies)
    add_index_members(drafts, data / "sp500_companies" / "constituents.csv", id_by_cik)
    add_indian_names(drafts, data / "sentfin" / "entity_list_comprehensive.csv")
    with_known_sectors(drafts)
    add_countries(drafts)
    add_known_companies(drafts)
    if unlisted:
        add_unlisted_companies(drafts)
    merge_copies(drafts)
    drop_general_words(drafts)
    add_former_tickers(drafts)
    add_other_names(drafts)
    resolve_parents(drafts, strict=unlisted)
    return drafts


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="python -m squall.entities.compilation", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    parser.add_argument(
        "--out", type=Path, default=DATA_FILE, help=f"file of entities to write; {FORMS_FILE.name} and {USAGE_FILE.name} go beside it"
    )
    parser.add_argument("--dictionary", type=Path, help="English dictionary, a word a line: also make the list of ordinary words")
    parser.add_argument("--without-unlisted", action="store_true", help="leave out companies that no exchange lists today")
    arguments = parser.parse_args()
    if arguments.dictionary:
        _write_lines(WORDS_FILE, common_words(arguments.dictionary, arguments.data), "Ordinary English words")
    _write_lines(ADJECTIVES_FILE, adjectives(), "Adjectives of countries")
    entities = list(compile_entities(arguments.data, unlisted=not arguments.without_unlisted).by_id.values())
    write_data_file(entities, arguments.out)
    forms = arguments.out.with_name(FORMS_FILE.name)
    shipped, version = read_data_file(arguments.out)
    write_forms(Catalogue(shipped, shipped_version=version), forms)
    usage = arguments.out.with_name(USAGE_FILE.name)
    write_usage(word_usage(arguments.data, Catalogue(shipped, shipped_version=version)), usage)
    counts = ", ".join(f"{count} {kind.value}" for kind, count in Counter(entity.kind for entity in entities).most_common())
    sys.stdout.write(f"{len(entities)} entities ({counts}), {arguments.out.stat().st_size:,} bytes in {arguments.out}\n")
    sys.stdout.write(
        f"their forms, {forms.stat().st_size:,} bytes in {forms}\nhow words are used, {usage.stat().st_size:,} bytes in {usage}\n"
    )


def _write_lines(path: Path, lines: list[str], title: str) -> None:
    head = f"# {title}: made by `python -m squall.entities.compilation`"
    path.write_text("\n".join((head, *lines)) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

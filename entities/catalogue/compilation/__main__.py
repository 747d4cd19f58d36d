"""`python -m squall.entities.catalogue.compilation`: make the files of `entities/data`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from squall.entities.catalogue.compilation.companies import company_entities
from squall.entities.catalogue.data_file import DATA_FILE, write_data_file


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="python -m squall.entities.catalogue.compilation", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    parser.add_argument("--out", type=Path, default=DATA_FILE, help="file to write")
    arguments = parser.parse_args()
    entities = company_entities(arguments.data / "companies" / "companies.csv.gz")
    write_data_file(entities, arguments.out)
    sys.stdout.write(f"{len(entities)} entities, {arguments.out.stat().st_size:,} bytes in {arguments.out}\n")


if __name__ == "__main__":
    main()

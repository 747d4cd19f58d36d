"""How many headlines of real company crises have a mention of the company that they name, where no table knows it.

    python -m squall.entities.compilation --data ../shared/data --without-unlisted --out FOLDER/catalogue.json.gz
    python -m tests.support.crisis_names --data ../shared/data --events ../shared/crises/dev_events.csv --catalogue FOLDER/catalogue.json.gz

Counted are headlines of a crisis' first six hours that are about it (the event's pattern) and have a name of the company in them, as the
archive writes it. Crises of companies that the catalogue knows by one of these names are left out; with --all they count too. The
interval is a bootstrap over crises (95%), since headlines of one crisis repeat each other. Errors are listed with --list.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import numpy as np

from squall.core.config.loading import load_settings
from squall.entities.catalogue.catalogue import Catalogue
from squall.entities.catalogue.data_file import read_data_file
from squall.entities.linking.linker import Linker
from squall.model.evaluation.metrics import bootstrap_interval
from squall.model.serving.engine import ScoringEngine
from squall.stream.mentions import SUBJECT, link_text

REACH = timedelta(hours=6)
_OTHERS = frozenset(
    (
        *("Steve Jobs", "McClendon", "Margerie", "Charney", "Martoma", "Yevtushenkov", "Dimon", "Gross", "Malaysian"),
        *("Richmond", "Amuay", "Marikana", "Concordia", "MH370", "MH17", "QZ8501", "Chesapeake / Encana"),
        *("bitcoin", "Bitcoin", "iCloud", "iPhone", "iOS", "Twinkies", "Candy Crush"),
    )
)
"""What the list of events has beside names of companies: people, places, flights and products."""


class NamedHeadline(NamedTuple):
    """A headline that names the company of a crisis.

    Args:
        event: id of the crisis.
        title: the headline.
        start: where the name begins.
        end: where it ends.
    """

    event: str
    title: str
    start: int
    end: int


def company_names(event: Mapping[str, str]) -> list[str]:
    """The names of an event's company, the longest first."""
    names = {event["entity"], *event["aliases"].split(";")} - _OTHERS
    return sorted((name for name in names if len(name) > 1), key=lambda name: (-len(name), name))


def named_headlines(event: Mapping[str, str], headlines: Iterable[tuple[datetime, str]]) -> Iterator[NamedHeadline]:
    """Yield each headline of the crisis' first hours once that is about it and names its company."""
    begin = datetime.fromisoformat(event["start"])
    pattern = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, company_names(event)))})(?!\w)")
    about, seen = re.compile(event["about"], re.IGNORECASE), set[str]()
    for at, title in headlines:
        named = pattern.search(title) if begin <= at <= begin + REACH and title not in seen and about.search(title) else None
        if named:
            seen.add(title)
            yield NamedHeadline(event["id"], title, *named.span())


def is_known(event: Mapping[str, str], catalogue: Catalogue, linker: Linker) -> bool:
    """Whether a table has the company by one of its names, or by a form that the linker makes of one."""
    return any(linker.named(name).id in catalogue for name in company_names(event))


def _archive(data: Path, event: Mapping[str, str]) -> Iterator[tuple[datetime, str]]:
    begin = datetime.fromisoformat(event["start"])
    days = {f"{at:%Y-%m-%d}T" for at in (begin, begin + REACH)}
    for month in sorted({day[:7] for day in days}):
        for file in chain(data.glob(f"crises/reuters_{month}.jsonl.gz"), data.glob(f"reuters/reuters_{month}.jsonl.gz")):
            with gzip.open(file, "rt", encoding="utf-8") as lines:
                for line in lines:
                    if any(day in line for day in days):
                        row = json.loads(line)
                        yield datetime.fromisoformat(row["ts_utc"]), row["title"]


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m tests.support.crisis_names", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder of data sets")
    parser.add_argument("--events", type=Path, required=True, help="crises/dev_events.csv")
    parser.add_argument("--catalogue", type=Path, help="compiled catalogue; default: the one that ships")
    parser.add_argument("--all", action="store_true", help="count companies that the catalogue knows as well")
    parser.add_argument("--list", action="store_true", help="list the headlines without a mention")
    arguments = parser.parse_args()
    settings = load_settings()
    catalogue = Catalogue(read_data_file(arguments.catalogue)[0]) if arguments.catalogue else Catalogue.open(settings.entities)
    linker = Linker(catalogue)
    with arguments.events.open(encoding="utf-8", newline="") as lines:
        events = [row for row in csv.DictReader(lines) if row["kind"] == "company"]
    chosen = [event for event in events if arguments.all or not is_known(event, catalogue, linker)]
    found = [headline for event in chosen for headline in named_headlines(event, _archive(arguments.data, event))]
    with ScoringEngine.open(settings.model) as engine:
        reading = engine.read([headline.title for headline in found])
    right = []
    for row, headline in enumerate(found):
        read = {"names": reading.names[row], "names_within": reading.names_within(row), "chances": reading.name_chances(row)}
        links = link_text(linker, headline.title, **read)
        right.append(any(link.role == SUBJECT and link.start < headline.end and headline.start < link.end for link in links))
        if arguments.list and not right[-1]:
            sys.stdout.write(f"{headline.event}\t{headline.title}\n")
    if not found:
        sys.exit("no headline of these crises names its company")
    groups = np.array([headline.event for headline in found])
    low, high = bootstrap_interval(groups, np.array(right))
    sys.stdout.write(
        f"{len(found)} headlines of {len(set(groups))} crises name their company: "
        f"{sum(right)} have a mention there, {sum(right) / len(found):.3f} ({low:.3f}–{high:.3f})\n"
    )


if __name__ == "__main__":
    main()

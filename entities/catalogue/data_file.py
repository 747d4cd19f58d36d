"""The file of entities that ships with Squall: gzipped JSON, columns by position, so that it is small and loads fast."""

from __future__ import annotations

import gzip
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import orjson

from squall.core.errors import ConfigurationError
from squall.core.records import EntityKind
from squall.entities.catalogue.version import version_of
from squall.entities.entity import Entity, Listing

DATA_FILE = Path(__file__).parents[1] / "data" / "catalogue.json.gz"
FORMAT = 2
_KINDS = {kind.value: kind for kind in EntityKind}


class ShippedEntities(NamedTuple):
    """What a file of entities holds.

    Args:
        entities: in their order.
        version: what `version_of` says of them.
    """

    entities: list[Entity]
    version: str


def kind_of(entity_id: str) -> EntityKind | None:
    """Return the kind that an id begins with; None where that is no kind."""
    return _KINDS.get(entity_id.partition(":")[0])


def write_data_file(entities: Iterable[Entity], path: Path) -> None:
    """Write `entities`, in their order, and their version; equal entities give equal bytes."""
    entities = list(entities)
    rows = [
        [e.id, e.name, e.aliases, e.former_names, _flat(e.listings), e.sector, e.industry, e.country, e.parent, e.size] for e in entities
    ]
    content = {"format": FORMAT, "version": version_of(entities), "entities": rows}
    path.write_bytes(gzip.compress(orjson.dumps(content), 9, mtime=0))


def read_data_file(path: Path = DATA_FILE) -> ShippedEntities:
    """Read what `write_data_file` wrote.

    Raises:
        ConfigurationError: the file is missing, damaged or of another version; the installation is incomplete.
    """
    try:
        content = orjson.loads(gzip.decompress(path.read_bytes()))
        if content["format"] != FORMAT:
            raise ConfigurationError(f"{path} has format {content['format']}; this version reads {FORMAT}", "install Squall again")
        entities = [
            Entity(
                entity_id,
                _KINDS[entity_id[: entity_id.index(":")]],
                name,
                tuple(aliases),
                tuple(former),
                tuple(map(Listing, listings[::2], listings[1::2])),
                *rest,
            )
            for entity_id, name, aliases, former, listings, *rest in content["entities"]
        ]
        return ShippedEntities(entities, content["version"])
    except (OSError, EOFError, ValueError, KeyError, TypeError) as error:
        raise ConfigurationError(f"the shipped entities can't be read from {path}: {error}", "install Squall again") from error


def _flat(listings: Iterable[Listing]) -> list[str]:
    return [part for listing in listings for part in listing]

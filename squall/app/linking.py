"""The linker of this process, over the configured catalogue."""

from __future__ import annotations

import gc
from collections.abc import Sequence
from typing import Any, NamedTuple

from squall.core.config.entities import EntitySettings
from squall.entities.catalogue.catalogue import Catalogue
from squall.entities.linking.linker import Linker
from squall.model.excerpt.choice import Wanted
from squall.model.serving.json_lines import Extend, Want
from squall.model.serving.reading import Reading
from squall.stream.entity_tones import asked_tones, entity_tones, wanted_names


def entity_objects(linker: Linker) -> Extend:
    """Return what gives each result of `squall.model.serving.json_lines.score_lines` its `entities`.

    They are those that the text is about, or the names that came with it.
    """

    def find(text: str, reading: Reading, row: int, asked: Sequence[str] | None) -> dict[str, Any]:
        tones = entity_tones(text, reading, row, linker) if asked is None else asked_tones(asked, text, reading, row, linker)
        return {"entities": [tone.as_dict() for tone in tones]}

    return find


def wanted_entities(linker: Linker) -> Want:
    """Return what tells `squall.model.serving.json_lines.score_lines` whom a long text should be read about: the same as above."""

    def find(text: str, asked: Sequence[str] | None) -> Wanted:
        return wanted_names(asked, text, linker)

    return find


class Names(NamedTuple):
    """The entities that this process knows, read once."""

    catalogue: Catalogue
    linker: Linker


def open_linker(settings: EntitySettings) -> Linker:
    """Load the configured catalogue; raises as `open_names`."""
    return open_names(settings).linker


def open_names(settings: EntitySettings) -> Names:
    """Load the configured catalogue, and the linker over it.

    Raises:
        ConfigurationError: a file can't be read, or the user's table has errors.
    """
    collecting = gc.isenabled()
    gc.disable()  # hundreds of thousands of objects that stay: the collector would walk them again and again, a third of the time
    try:
        catalogue = Catalogue.open(settings)
        return Names(catalogue, Linker(catalogue))
    finally:
        if collecting:
            gc.enable()


def keep_out_of_collections() -> None:
    """Let the garbage collector leave alone what is loaded now; call it again when some of it was replaced.

    It would walk hundreds of thousands of names again and again, a third of the time that it takes to find the names in a text.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()

"""The file of the shipped catalogue's forms: what the rules make of it, so that a process that starts need not."""

from __future__ import annotations

import gzip
import logging
from pathlib import Path
from typing import Any

import orjson
import xxhash

from squall.entities.catalogue.catalogue import Catalogue
from squall.entities.catalogue.common_words import ADJECTIVES_FILE, WORDS_FILE
from squall.entities.linking import vocabulary
from squall.entities.linking.forms.rules import forms_of
from squall.entities.linking.forms.table import FormColumns, FormTable, columns_of

log = logging.getLogger(__name__)

FORMS_FILE = Path(__file__).parents[2] / "data" / "forms.json.gz"
FORMAT = 1
_AS_TEXT = b"0"[0]
"""Flags are a text of digits."""


def write_forms(catalogue: Catalogue, path: Path) -> None:
    """Write the forms of `catalogue`; equal catalogues give equal bytes."""
    texts, owners, flags = columns_of(forms_of(catalogue), catalogue)
    content = {
        "format": FORMAT,
        "catalogue": catalogue.version,
        "words": words_version(),
        "texts": "\n".join(texts),
        "owners": owners,
        "flags": bytes(flag + _AS_TEXT for flag in flags).decode(),
    }
    path.write_bytes(gzip.compress(orjson.dumps(content), 9, mtime=0))


def forms_table(catalogue: Catalogue, path: Path = FORMS_FILE) -> FormTable:
    """Return the forms of `catalogue`: read from `path` where it is the shipped one, else made by rule, which takes 2 seconds.

    A file that can't be read, or was made of another catalogue or other lists of words, is named in the log and not used.
    """
    columns = _read(catalogue, path) if catalogue.is_shipped else None
    return FormTable(columns or columns_of(forms_of(catalogue), catalogue), catalogue)


def words_version() -> str:
    """Return a name for the lists of words that the rules go by: another one after any change."""
    digest = xxhash.xxh3_64()
    for path in (WORDS_FILE, ADJECTIVES_FILE, vocabulary.WORDS_FILE):
        digest.update(b"\n".join(path.read_bytes().splitlines()))  # as they are, whatever a checkout makes of the ends of lines
    return digest.hexdigest()


def _read(catalogue: Catalogue, path: Path) -> FormColumns | None:
    try:
        content = orjson.loads(gzip.decompress(path.read_bytes()))
        columns = FormColumns(content["texts"].split("\n"), content["owners"], content["flags"].translate(_FROM_TEXT).encode())
        lengths = (len(columns.texts), len(columns.owners), len(columns.flags))
        stale = _stale(catalogue, content) if len(set(lengths)) == 1 else "has columns of {}, {} and {} forms".format(*lengths)
    except (OSError, EOFError, ValueError, KeyError, TypeError, AttributeError) as error:
        stale = f"can't be read ({error})"
    if not stale:
        return columns
    log.warning("%s %s: the forms of names are made by rule, which takes 2 seconds; install Squall again", path, stale)
    return None


def _stale(catalogue: Catalogue, content: dict[str, Any]) -> str:
    """Why the file is not of this catalogue; empty where it is."""
    if content["format"] != FORMAT:
        return f"has format {content['format']}, not {FORMAT}"
    if content["catalogue"] != catalogue.version:
        return f"is of catalogue {content['catalogue']}, not {catalogue.version}"
    if content["words"] != words_version():
        return f"is of the lists of words {content['words']}, not {words_version()}"
    return ""


_FROM_TEXT = {ord(str(flag)): flag for flag in range(8)}

"""GDELT's files: one every fifteen minutes, named by its time; the newest is listed with its checksum."""

from __future__ import annotations

import hashlib
import io
import lzma
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from squall.core.errors import UnavailableError

INTERVAL: Final = timedelta(minutes=15)
MOST_FILE_BYTES: Final = 100_000_000
_MOST_UNPACKED_BYTES: Final = 600_000_000
_LONGEST_ROW: Final = 4_000_000
_LISTED: Final = re.compile(rb"^([0-9]{1,12}) ([0-9a-f]{32}) (\S{1,300}/([0-9]{14})\.gkg\.csv\.zip)\s*$", re.MULTILINE)
_FORM: Final = "%Y%m%d%H%M%S"


@dataclass(frozen=True, slots=True)
class LastUpdate:
    """The newest file.

    Args:
        at: its time.
        size: bytes.
        md5: checksum, hexadecimal.
    """

    at: datetime
    size: int
    md5: str


def last_update(listing: bytes) -> LastUpdate:
    """Return the newest file of `lastupdate.txt`.

    Raises:
        UnavailableError: it lists none: it is being written.
    """
    found = _LISTED.search(listing[:10_000])
    at = time_of(found[4].decode()) if found else None
    if found is None or at is None:
        raise UnavailableError("GDELT's lastupdate.txt lists no file of the knowledge graph")
    return LastUpdate(at, int(found[1]), found[2].decode())


def file_name(at: datetime) -> str:
    """Return the name of the file of a time."""
    return f"{at.strftime(_FORM)}.gkg.csv.zip"


def time_of(digits: str) -> datetime | None:
    """Return the time that fourteen digits say, aware UTC; None if they say none."""
    try:
        return datetime.strptime(digits, _FORM).replace(tzinfo=UTC)
    except ValueError:
        return None


def interval_of(moment: datetime) -> datetime:
    """Return the time of the last file that is not after `moment`."""
    return moment.replace(minute=moment.minute // 15 * 15, second=0, microsecond=0)


def check(body: bytes, listed: LastUpdate) -> None:
    """Compare a file with what is listed of it.

    Raises:
        UnavailableError: it differs: it is being written, or was cut off.
    """
    if len(body) != listed.size or hashlib.md5(body, usedforsecurity=False).hexdigest() != listed.md5:
        raise UnavailableError(f"{file_name(listed.at)} is not yet as listed: {len(body)} of {listed.size} bytes, or other ones")


def rows(body: bytes) -> Iterator[list[str]]:
    """Yield the rows of a file, split at tabs; bytes that are not UTF-8 are replaced.

    Raises:
        UnavailableError: it is no complete zip file of one table, or unpacks to too much.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            (entry,) = archive.infolist()
            if entry.file_size > _MOST_UNPACKED_BYTES:
                raise UnavailableError(f"{entry.filename[:50]!r} unpacks to {entry.file_size} bytes")
            with archive.open(entry) as file:
                while line := file.readline(_LONGEST_ROW):
                    yield line.decode("utf-8", "replace").rstrip("\r\n").split("\t")
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, OSError, RuntimeError, lzma.LZMAError) as error:
        raise UnavailableError(f"a file of GDELT is damaged or not complete: {type(error).__name__}") from error

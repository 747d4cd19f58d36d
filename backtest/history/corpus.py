"""The files that a backtest reads, and the folder of the cache that belongs to them.

The cache of a corpus is an embedded store and a manifest. The manifest records which files, with which bytes, read with which options, were
completely scored by which model version; a file that it names is not read again. A corpus is named by its path and the
options: the same documents read another way are another corpus.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import orjson
import xxhash

from squall.core.config.files.regular import open_regular_file
from squall.core.errors import ConfigurationError
from squall.ingest.file.formats import FORMATS
from squall.ingest.file.source import FileOptions

_BLOCK: Final = 1 << 20
_VERSION: Final = 2
"""Version of the manifest's format; what is listed by another one was not read for names, or not as it is now."""


@dataclass(frozen=True, slots=True)
class CorpusFile:
    """A file and the digest of its bytes."""

    path: Path
    size: int
    digest: str

    @staticmethod
    def of(path: Path) -> CorpusFile:
        """Read `path` once, in blocks."""
        digest = xxhash.xxh3_128()
        with open_regular_file(path) as file:
            while block := file.read(_BLOCK):
                digest.update(block)
        return CorpusFile(path, path.stat().st_size, digest.hexdigest())


@dataclass(frozen=True, slots=True)
class Entry:
    """A file that one model version scored to its end."""

    path: str
    size: int
    digest: str
    model_version: str
    stored: int
    duplicate: int
    rejected: int
    reasons: dict[str, int] = field(default_factory=dict)


@dataclass
class Manifest:
    """The files of a corpus that were scored; written anew, whole, after each.

    Args:
        path: of the file.
        names: version of the names that documents are read for.
        entries: what was scored.
        outdated_by: why all of it has to be scored again; empty: it has not.
    """

    path: Path
    names: str = ""
    entries: list[Entry] = field(default_factory=list)
    outdated_by: str = ""

    @staticmethod
    def load(path: Path, names: str) -> Manifest:
        """Read the manifest; an absent or unreadable one is empty."""
        try:
            data: Any = orjson.loads(path.read_bytes())
            if data["version"] != _VERSION:
                return Manifest(path, names, outdated_by="it was scored by another version of Squall")
            why = "" if data["names"] == names else "names were read with another catalogue"
            return Manifest(path, names, [Entry(**entry) for entry in data["files"]], why)
        except (OSError, orjson.JSONDecodeError, KeyError, TypeError):
            return Manifest(path, names)

    def add(self, entry: Entry) -> None:
        """Record `entry` in place of an older one of that file and model, and write the manifest."""
        self.entries = [old for old in self.entries if (old.path, old.model_version) != (entry.path, entry.model_version)] + [entry]
        beside = self.path.with_suffix(".tmp")
        written = {"version": _VERSION, "names": self.names, "files": [asdict(old) for old in self.entries]}
        beside.write_bytes(orjson.dumps(written, option=orjson.OPT_INDENT_2))
        beside.replace(self.path)

    def find(self, file: CorpusFile, model_version: str) -> Entry | None:
        """Return the entry of these bytes under this path and model."""
        wanted = (str(file.path), file.digest, model_version)
        return next((entry for entry in self.entries if (entry.path, entry.digest, entry.model_version) == wanted), None)

    def outdated(self, files: Sequence[CorpusFile]) -> str:
        """Return why everything has to be scored again; empty: it has not.

        Of files that were scored and are now gone, or hold other bytes, the documents are in the store all the same.
        """
        present = {(str(file.path), file.digest) for file in files}
        gone = sorted({entry.path for entry in self.entries if (entry.path, entry.digest) not in present})
        return f"{', '.join(gone)} changed or was removed after it was scored" if gone else self.outdated_by


def find_files(path: Path) -> list[Path]:
    """Return the files to read, in order of their names: `path` itself, or the data files directly in the folder `path`.

    Raises:
        ConfigurationError: nothing is there, or the folder holds no data files.
    """
    if path.is_file():
        return [path.resolve()]
    if path.exists() and not path.is_dir():
        open_regular_file(path).close()  # says what it is instead
    if not path.is_dir():
        raise ConfigurationError(
            f"{path} does not exist", "give a file or a folder of .jsonl, .csv or .parquet files (or .gz of the first two)"
        )
    found = sorted(_data_files(path.resolve()))
    if not found:
        endings = ", ".join(sorted(FORMATS))
        raise ConfigurationError(f"the folder {path} holds no data files", f"files end in one of {endings}, or that and .gz")
    return found


def _data_files(folder: Path) -> Iterator[Path]:
    for file in folder.iterdir():
        suffixes = [suffix.lower() for suffix in file.suffixes if suffix.lower() != ".gz"]
        if file.is_file() and not file.name.startswith(".") and suffixes and suffixes[-1] in FORMATS:
            yield file


def corpus_folder(cache: Path, path: Path, options: FileOptions) -> Path:
    """Return the folder in `cache` that belongs to the corpus at `path`, read with `options`."""
    named = orjson.dumps([str(path.resolve()), _plain(options)], option=orjson.OPT_SORT_KEYS)
    return cache / f"{path.resolve().name.split('.')[0][:40] or 'corpus'}-{xxhash.xxh3_64_hexdigest(named)[:10]}"


def _plain(options: FileOptions) -> dict[str, Any]:
    """Return what of `options` decides which documents come out."""
    return {
        "format": options.format,
        "columns": dict(options.columns),
        "kind": str(options.kind) if options.kind else "",
        "source": options.source,
        "timezone": options.timezone,
        "time_format": options.time_format,
        "encoding": options.encoding,
        "delimiter": options.delimiter,
    }

"""Files into the cache's store, through the same reader, processor and engine as `squall replay --in-process`."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from squall.backtest.history.corpus import CorpusFile, Entry, Manifest
from squall.core.clock import Clock
from squall.core.config.settings import ProcessorSettings
from squall.core.errors import StoppedError
from squall.ingest.file.source import FileOptions, FileSource
from squall.storage import Store
from squall.stream.batching import micro_batches
from squall.stream.processor import Processor, Scorer

log = logging.getLogger("squall.backtest")

Tell = Callable[[str, float], None]
"""Takes what is going on and how much of it is done, 0 to 1."""


@dataclass
class Scored:
    """What scoring came to, all files together; files that an earlier run scored count with what it counted then."""

    model_version: str
    scored: int = 0
    """Documents scored now."""
    duplicate: int = 0
    rejected: int = 0
    reasons: dict[str, int] = field(default_factory=dict)
    damaged: list[str] = field(default_factory=list)
    """Files that could not be read to their end, and why."""

    def add(self, entry: Entry, *, fresh: bool) -> None:
        """Count a file; only a `fresh` one was scored now."""
        self.scored += entry.stored if fresh else 0
        self.duplicate += entry.duplicate
        self.rejected += entry.rejected
        for reason, count in entry.reasons.items():
            self.reasons[reason] = self.reasons.get(reason, 0) + count


@dataclass(frozen=True)
class Workshop:
    """What scoring needs of its surroundings."""

    store: Store
    settings: ProcessorSettings
    clock: Clock
    stop: threading.Event


def unscored(files: Sequence[CorpusFile], manifest: Manifest, model_version: str) -> list[CorpusFile]:
    """Return the files that this model version has not scored to their end."""
    return [file for file in files if manifest.find(file, model_version) is None]


def score_files(
    files: Sequence[CorpusFile], manifest: Manifest, options: FileOptions, scorer: Scorer, shop: Workshop, tell: Tell
) -> Scored:
    """Score what `manifest` does not know and note it there.

    Bad rows are dead-lettered in the store and counted. A file cut short by a signal is scored on by the next run: documents that
    are stored are skipped. So is a damaged one, whose rows up to the damage count.

    Raises:
        ConfigurationError: a file makes no sense; says which and what to do.
        StoppedError: asked to stop; what was stored is kept.
        TooManyRejectsError: too many consecutive rows were rejected.
    """
    done = Scored(scorer.model_version)
    for number, file in enumerate(files):
        known = manifest.find(file, scorer.model_version)
        entry, damage = (known, "") if known else _score_file(file, options, scorer, shop, _part(tell, number, len(files)))
        done.add(entry, fresh=known is None)
        if damage:
            done.damaged.append(damage)
        elif known is None:
            manifest.add(entry)
    return done


def remembered(files: Sequence[CorpusFile], manifest: Manifest, model_version: str) -> Scored:
    """Return what the runs that scored `files` counted."""
    done = Scored(model_version)
    for file in files:
        entry = manifest.find(file, model_version)
        if entry is not None:
            done.add(entry, fresh=False)
    return done


def _part(tell: Tell, number: int, of: int) -> Tell:
    """Return a `Tell` for one of several equal parts."""
    return lambda what, fraction: tell(what, (number + fraction) / of)


def _score_file(file: CorpusFile, options: FileOptions, scorer: Scorer, shop: Workshop, tell: Tell) -> tuple[Entry, str]:
    """Score one file from its beginning; return what was counted, and what is wrong with it."""
    source = FileSource(file.path, shop.clock, options)
    processor = Processor(scorer, shop.store.documents, shop.store.dead_letters, shop.settings, shop.clock, shop.stop)
    tally = processor.tally
    for batch in source.batches(shop.stop):
        for micro_batch in micro_batches(batch.items, shop.settings):
            processor.process(micro_batch)
        tell(f"scoring {file.path.name}: {tally.stored:,} stored, {tally.rejected:,} rejected", source.fraction())
    if shop.stop.is_set():
        raise StoppedError(f"stopped while scoring {file.path}", "run it again: it goes on after the documents that are stored")
    log.info("%s: %d stored, %d duplicates, %d dead letters", file.path, tally.stored, tally.duplicate, tally.rejected)
    counts = (tally.stored, tally.duplicate, tally.rejected, dict(tally.reasons))
    return Entry(str(file.path), file.size, file.digest, scorer.model_version, *counts), source.damage


def weights_name(folder: Path, rest: str) -> str:
    """Return a name for the scores of the checkpoint in `folder` under settings `rest`, cheap to make: no byte of the weights is read.

    It stands for a model version that an earlier run found out by loading it; another file, size or time of change gives another name.
    """
    import xxhash

    files = sorted((file.name, file.stat().st_size, file.stat().st_mtime_ns) for file in folder.glob("*") if file.is_file())
    return xxhash.xxh3_64_hexdigest(repr((str(folder.resolve()), files, rest)).encode())

"""Scores files into the cache's store, through the same reader, processor and engine as `squall replay --in-process`."""

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
from squall.stream.document_scoring import Scorer
from squall.stream.mentions import Linker
from squall.stream.processor import Processor

log = logging.getLogger("squall.backtest")

ReportProgress = Callable[[str, float], None]
"""Receives the current step and its completed share, 0 to 1."""


@dataclass
class Scored:
    """The counts of scoring over all files; files that an earlier run scored count with what that run counted."""

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
class ScoringContext:
    """What scoring needs beside the files: store, settings, clock, stop signal, and what finds names."""

    store: Store
    settings: ProcessorSettings
    clock: Clock
    stop: threading.Event
    linker: Linker


def unscored(files: Sequence[CorpusFile], manifest: Manifest, model_version: str) -> list[CorpusFile]:
    """Return the files that this model version has not scored to their end."""
    return [file for file in files if manifest.find(file, model_version) is None]


def score_files(
    files: Sequence[CorpusFile], manifest: Manifest, options: FileOptions, scorer: Scorer, context: ScoringContext, progress: ReportProgress
) -> Scored:
    """Score the files that `manifest` does not list and record them there.

    Bad rows are dead-lettered in the store and counted. A file that a signal interrupted is finished by the next run, which skips
    the stored documents. The same holds for a damaged file, whose rows count up to the damage.

    Raises:
        ConfigurationError: a file is invalid; names it and what to do.
        StoppedError: asked to stop; stored documents remain.
        TooManyRejectsError: too many consecutive rows were rejected.
    """
    done = Scored(scorer.model_version)
    for number, file in enumerate(files):
        known = manifest.find(file, scorer.model_version)
        entry, damage = (known, "") if known else _score_file(file, options, scorer, context, _part(progress, number, len(files)))
        done.add(entry, fresh=known is None)
        if damage:
            done.damaged.append(damage)
        elif known is None:
            manifest.add(entry)
    return done


def counted_before(files: Sequence[CorpusFile], manifest: Manifest, model_version: str) -> Scored:
    """Return what the runs that scored `files` counted."""
    done = Scored(model_version)
    for file in files:
        entry = manifest.find(file, model_version)
        if entry is not None:
            done.add(entry, fresh=False)
    return done


def _part(progress: ReportProgress, number: int, of: int) -> ReportProgress:
    """Return a `ReportProgress` for one of several equal parts."""
    return lambda what, fraction: progress(what, (number + fraction) / of)


def _score_file(
    file: CorpusFile, options: FileOptions, scorer: Scorer, context: ScoringContext, progress: ReportProgress
) -> tuple[Entry, str]:
    """Score one file from its beginning; return what was counted, and what is wrong with it."""
    source = FileSource(file.path, context.clock, options)
    store = context.store
    processor = Processor(scorer, store.documents, store.dead_letters, context.settings, context.clock, context.stop, linker=context.linker)
    totals = processor.totals
    for batch in source.batches(context.stop):
        for micro_batch in micro_batches(batch.items, context.settings):
            processor.process(micro_batch)
        progress(f"scoring {file.path.name}: {totals.stored:,} stored, {totals.rejected:,} rejected", source.fraction())
    if context.stop.is_set():
        raise StoppedError(f"stopped while scoring {file.path}", "run it again: it continues after the stored documents")
    log.info("%s: %d stored, %d duplicates, %d dead letters", file.path, totals.stored, totals.duplicates, totals.rejected)
    counts = (totals.stored, totals.duplicates, totals.rejected, dict(totals.reasons))
    return Entry(str(file.path), file.size, file.digest, scorer.model_version, *counts), source.damage


def checkpoint_key(folder: Path, rest: str) -> str:
    """Return a key for the scores of the checkpoint in `folder` under the settings `rest`. It is cheap: no byte of the weights is read.

    It stands for the model version that an earlier run learned by loading it; another file, size or modification time gives another key.
    """
    import xxhash

    files = sorted((file.name, file.stat().st_size, file.stat().st_mtime_ns) for file in folder.glob("*") if file.is_file())
    return xxhash.xxh3_64_hexdigest(repr((str(folder.resolve()), files, rest)).encode())

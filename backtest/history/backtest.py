"""One backtest from its first file to its result: score what is new, detect, compare with events."""

from __future__ import annotations

import logging
import shutil
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import orjson

from squall import storage
from squall.alerts.counts import load_counts
from squall.alerts.minutes import instant, minute_of
from squall.backtest.history.corpus import CorpusFile, Manifest, corpus_folder, find_files
from squall.backtest.history.detection import EvaluatedSpan, Evaluation, evaluate, lookback_of
from squall.backtest.history.event_matching import Scorecard, compare, fired_alerts, in_order_of_firing
from squall.backtest.history.events import Event, identify, load_events
from squall.backtest.history.names import name_alerts
from squall.backtest.history.result import Result, SweepResult
from squall.backtest.history.scoring import ReportProgress, Scored, ScoringContext, checkpoint_key, counted_before, score_files, unscored
from squall.backtest.history.subjects import subjects_of
from squall.backtest.history.sweep import Variant, parse_sweep
from squall.core.clock import Clock
from squall.core.config.files.permissions import private_folder
from squall.core.config.settings import Settings
from squall.core.errors import ConfigurationError
from squall.core.records import TOPICS
from squall.entities.catalogue.catalogue import Catalogue
from squall.entities.linking.linker import Linker
from squall.ingest.file.source import FileOptions
from squall.storage import Store
from squall.storage.queries.alerting.documents import documents_in_window
from squall.storage.rows.documents import ModelVersion
from squall.stream.document_scoring import Scorer

log = logging.getLogger("squall.backtest")

_STORE: Final = "store"
_MANIFEST: Final = "manifest.json"
_MODELS: Final = "models.json"
_DOCUMENTS: Final = 5
"""Of each alert in the result."""

OpenScorer = Callable[[], AbstractContextManager[Scorer]]


@dataclass(frozen=True)
class Request:
    """What is backtested, and how.

    Args:
        path: a file or a folder of files.
        options: how to read them.
        cache: folder for scores; see `squall.backtest.history.corpus`.
        weights: folder of the checkpoint that `open_scorer` loads.
        events: CSV of known events; None: nothing to compare with.
        start: first moment that is evaluated; None: the first document's. What is before serves as history.
        end: first moment that is not; None: after the last document.
        as_of: use the scores of this model version and score nothing; empty: score with the present model.
        sweep: `NAME=VALUE,VALUE` per setting of the detector.
        workers: processes that evaluate history.
    """

    path: Path
    options: FileOptions
    cache: Path
    weights: Path
    events: Path | None = None
    start: datetime | None = None
    end: datetime | None = None
    as_of: str = ""
    sweep: tuple[str, ...] = ()
    workers: int = 2


def run_backtest(
    request: Request, settings: Settings, clock: Clock, stop: threading.Event, open_scorer: OpenScorer, progress: ReportProgress
) -> Result:
    """Run the backtest and return its result.

    Args:
        request: what is backtested, and how.
        settings: the detector's, the processor's and the model's.
        clock: stamps scores and times the run.
        stop: ends scoring early.
        open_scorer: opens the engine; called only when something is to be scored, or its version is not known yet.
        progress: receives each step and its completed share.

    Raises:
        ConfigurationError: there are no files, no documents in the span, the events or the sweep are invalid, or nothing was
            scored by that version.
        StoreLockedError: another backtest of these files is running.
        StoppedError: asked to stop while scoring; running it again continues.
    """
    began = clock.monotonic()
    files = find_files(request.path)
    variants = parse_sweep(request.sweep, settings.detector)
    catalogue = Catalogue.open(settings.entities)
    linker = Linker(catalogue)
    events = identify(load_events(request.events, TOPICS), catalogue) if request.events else []
    folder = corpus_folder(request.cache, request.path, request.options)
    if request.as_of and not folder.is_dir():
        raise ConfigurationError(f"{request.path} has not been scored by any model yet", "run it once without --as-of")
    hashed = [] if request.as_of else _hash(files, Manifest.load(folder / _MANIFEST, linker.version), progress)
    private_folder(folder)
    store = storage.open(f"chdb://{(folder / _STORE).resolve()}")
    try:
        store.schema.migrate()
        context = ScoringContext(store, settings.processor, clock, stop, linker)
        scored = Scored(request.as_of) if request.as_of else _score(request, settings, hashed, folder, context, open_scorer, progress)
        return _detect(store, request, settings, catalogue, scored, variants, events, clock, began, progress)
    finally:
        store.close()


def _hash(files: list[Path], manifest: Manifest, progress: ReportProgress) -> list[CorpusFile]:
    """Return the files with their digests; drops the cache when it holds other documents than theirs, or names read otherwise."""
    found = []
    for number, path in enumerate(files):
        progress(f"hashing {path.name}", number / len(files))
        found.append(CorpusFile.of(path))
    why = manifest.outdated(found)
    if why:
        log.warning("%s: scoring everything again", why)
        shutil.rmtree(manifest.path.parent)
    return found


def _score(
    request: Request,
    settings: Settings,
    files: list[CorpusFile],
    folder: Path,
    context: ScoringContext,
    open_scorer: OpenScorer,
    progress: ReportProgress,
) -> Scored:
    manifest = Manifest.load(folder / _MANIFEST, context.linker.version)
    models = request.cache / _MODELS
    name = checkpoint_key(request.weights, settings.model.model_dump_json())
    version = _known_models(models).get(name, "")
    if version and not unscored(files, manifest, version):
        return counted_before(files, manifest, version)
    progress("loading the model", 0.0)
    with open_scorer() as scorer:
        models.write_bytes(orjson.dumps(_known_models(models) | {name: scorer.model_version}))
        return score_files(files, manifest, request.options, scorer, context, progress)


def _known_models(path: Path) -> dict[str, str]:
    """Return the version of every checkpoint that was loaded before."""
    try:
        found = orjson.loads(path.read_bytes())
    except (OSError, orjson.JSONDecodeError):
        return {}
    return found if isinstance(found, dict) else {}


def _detect(
    store: Store,
    request: Request,
    settings: Settings,
    catalogue: Catalogue,
    scored: Scored,
    variants: list[Variant],
    events: list[Event],
    clock: Clock,
    began: float,
    progress: ReportProgress,
) -> Result:
    model = _model(store, scored, request)
    span = _span(model, request)
    all_settings = [settings.detector, *(variant.settings for variant in variants)]
    document_days = _document_days(store, span, lookback_of(all_settings))

    def has_documents(start: int, end: int) -> bool:
        return any(start - 1440 < day < end for day in document_days)

    runs = evaluate(
        lambda start, end: load_counts(store.counts, settings.detector, start, end, as_of_model=model.version),
        all_settings,
        span,
        workers=request.workers,
        charts=True,
        has_documents=has_documents,
        progress=lambda fraction: progress("detecting", fraction),
    )
    assert runs[0].charts is not None
    series = sum(1 for count in runs[0].charts.documents.values() if count)
    names = name_alerts(
        lambda start, end: store.mentions.counted(instant(start), instant(end), model_version=model.version),
        settings.detector,
        catalogue,
        span,
        minute_of(model.first),
        progress=lambda fraction: progress("detecting names", fraction),
    )
    alerts = sorted([*fired_alerts(runs[0].transitions, runs[0].method), *names], key=in_order_of_firing)
    progress("comparing", 1.0)
    return Result(
        alerts=alerts,
        subjects=subjects_of(alerts, catalogue),
        documents_of={alert.id: documents_in_window(store.documents, alert, settings.detector.sectors, _DOCUMENTS) for alert in alerts},
        card=compare(alerts, events, span.after, span.until, series),
        compared=request.events is not None,
        trials=[SweepResult(variant, *_trial(run, events, span, series)) for variant, run in zip(variants, runs[1:], strict=True)],
        charts=runs[0].charts,
        model=model,
        scored=scored,
        span=span,
        settings=settings.detector,
        path=str(request.path),
        seconds=clock.monotonic() - began,
    )


def _trial(run: Evaluation, events: list[Event], span: EvaluatedSpan, series: int) -> tuple[int, Scorecard]:
    alerts = fired_alerts(run.transitions, run.method)
    return len(alerts), compare(alerts, events, span.after, span.until, series)


def _model(store: Store, scored: Scored, request: Request) -> ModelVersion:
    """Return what the wanted model version scored of these files."""
    known = store.documents.model_versions()
    for model in known:
        if model.version == scored.model_version:
            return model
    if request.as_of:
        names = ", ".join(model.version for model in known) or "none"
        raise ConfigurationError(f"{request.path} has no scores of model version {request.as_of!r}", f"versions with scores: {names}")
    why = ", ".join(f"{count} {reason}" for reason, count in scored.reasons.items())
    raise ConfigurationError(
        f"{request.path} has no document that can be scored" + (f"; {scored.rejected} rows were rejected: {why}" if why else ""),
        "check its columns: `squall ingest file --help` lists those that are found, --map names others",
    )


def _span(model: ModelVersion, request: Request) -> EvaluatedSpan:
    """Return what is evaluated, cut to where documents are."""
    first, last = minute_of(model.first), minute_of(model.last) + 1
    after = max(minute_of(request.start), first) if request.start else first
    until = min(-(-int(request.end.timestamp()) // 60), last) if request.end else last
    if after >= until:
        raise ConfigurationError(
            f"{request.path} has no documents between --from and --to",
            f"they were published from {model.first:%Y-%m-%dT%H:%MZ} to {model.last:%Y-%m-%dT%H:%MZ}",
        )
    return EvaluatedSpan(after, until)


def _document_days(store: Store, span: EvaluatedSpan, lookback: int) -> list[int]:
    """Return the days, as the minute they begin, on which anything was published."""
    days = store.counts.volume(instant(span.after - lookback), instant(span.until), step=timedelta(days=1))
    return [minute_of(day.time) for day in days]

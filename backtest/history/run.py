"""One backtest from its first file to its report: score what is new, detect, compare, write."""

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
from squall.alerts.lifecycle import instant, minute_of
from squall.backtest.history.corpus import CorpusFile, Manifest, corpus_folder, find_files
from squall.backtest.history.detecting import Evaluation, Span, evaluate, lookback_of
from squall.backtest.history.events import Event, load_events
from squall.backtest.history.match import Scorecard, compare, fired_alerts
from squall.backtest.history.result import Result, Trial
from squall.backtest.history.scoring import Scored, Tell, Workshop, remembered, score_files, unscored, weights_name
from squall.backtest.history.sweep import Variant, parse_sweep
from squall.core.clock import Clock
from squall.core.config.settings import Settings
from squall.core.errors import ConfigurationError
from squall.core.records import TOPICS
from squall.ingest.file.source import FileOptions
from squall.storage import Store
from squall.storage.queries.alerting.documents import documents_in_window
from squall.storage.rows.documents import ModelVersion
from squall.stream.processor import Scorer

log = logging.getLogger("squall.backtest")

_STORE: Final = "store"
_MANIFEST: Final = "manifest.json"
_MODELS: Final = "models.json"
_DOCUMENTS: Final = 5
_DESCRIBED: Final = 200
"""So many alerts of a report get their documents."""

OpenScorer = Callable[[], AbstractContextManager[Scorer]]


@dataclass(frozen=True)
class Request:
    """What to do.

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
        workers: processes that read.
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


def run_backtest(request: Request, settings: Settings, clock: Clock, stop: threading.Event, open_scorer: OpenScorer, tell: Tell) -> Result:
    """Do what `request` says and return what came of it.

    Args:
        request: what to do.
        settings: the detector's, the processor's and the model's.
        clock: stamps scores and times the run.
        stop: ends scoring early.
        open_scorer: opens the engine; called only when something is to be scored, or its version is not known yet.
        tell: told what is going on.

    Raises:
        ConfigurationError: there are no files, no documents in the span, the events or the sweep make no sense, or nothing was
            scored as of that version.
        StoreLockedError: another backtest of these files is running.
        StoppedError: asked to stop while scoring; running it again goes on.
    """
    began = clock.monotonic()
    files = find_files(request.path)
    variants = parse_sweep(request.sweep, settings.detector)
    events = load_events(request.events, TOPICS) if request.events else []
    folder = corpus_folder(request.cache, request.path, request.options)
    if request.as_of and not folder.is_dir():
        raise ConfigurationError(f"nothing of {request.path} was scored yet, by no model", "run it once without --as-of")
    hashed = [] if request.as_of else _hash(files, folder, tell)
    folder.mkdir(parents=True, exist_ok=True)
    store = storage.open(f"chdb://{(folder / _STORE).resolve()}")
    try:
        store.schema.migrate()
        shop = Workshop(store, settings.processor, clock, stop)
        scored = Scored(request.as_of) if request.as_of else _score(request, settings, hashed, folder, shop, open_scorer, tell)
        return _judge(store, request, settings, scored, variants, events, clock, began, tell)
    finally:
        store.close()


def _hash(files: list[Path], folder: Path, tell: Tell) -> list[CorpusFile]:
    """Return the files with their digests; drops the cache when it holds documents of files that are not these any more."""
    found = []
    for number, path in enumerate(files):
        tell(f"looking at {path.name}", number / len(files))
        found.append(CorpusFile.of(path))
    gone = Manifest.load(folder / _MANIFEST).outdated(found)
    if gone:
        log.warning("%s changed or went away since it was scored: scoring everything again", ", ".join(gone))
        shutil.rmtree(folder)
    return found


def _score(
    request: Request, settings: Settings, files: list[CorpusFile], folder: Path, shop: Workshop, open_scorer: OpenScorer, tell: Tell
) -> Scored:
    manifest = Manifest.load(folder / _MANIFEST)
    models = request.cache / _MODELS
    name = weights_name(request.weights, settings.model.model_dump_json())
    version = _known_models(models).get(name, "")
    if version and not unscored(files, manifest, version):
        return remembered(files, manifest, version)
    tell("loading the model", 0.0)
    with open_scorer() as scorer:
        models.write_bytes(orjson.dumps(_known_models(models) | {name: scorer.model_version}))
        return score_files(files, manifest, request.options, scorer, shop, tell)


def _known_models(path: Path) -> dict[str, str]:
    """Return the version of every checkpoint that was loaded before."""
    try:
        found = orjson.loads(path.read_bytes())
    except (OSError, orjson.JSONDecodeError):
        return {}
    return found if isinstance(found, dict) else {}


def _judge(
    store: Store,
    request: Request,
    settings: Settings,
    scored: Scored,
    variants: list[Variant],
    events: list[Event],
    clock: Clock,
    began: float,
    tell: Tell,
) -> Result:
    model = _model(store, scored, request)
    span = _span(model, request)
    all_settings = [settings.detector, *(variant.settings for variant in variants)]
    busy_days = _busy_days(store, span, lookback_of(all_settings))

    def busy(start: int, end: int) -> bool:
        return any(start - 1440 < day < end for day in busy_days)

    runs = evaluate(
        lambda start, end: load_counts(store.counts, settings.detector, start, end, as_of_model=model.version),
        all_settings,
        span,
        workers=request.workers,
        trace=True,
        busy=busy,
        tell=lambda fraction: tell("detecting", fraction),
    )
    assert runs[0].trace is not None
    series = sum(1 for count in runs[0].trace.documents.values() if count)
    alerts = fired_alerts(runs[0].transitions, runs[0].method)
    tell("writing down", 1.0)
    return Result(
        alerts=alerts,
        documents_of={
            alert.id: documents_in_window(store.documents, alert, settings.detector.sectors, _DOCUMENTS) for alert in alerts[:_DESCRIBED]
        },
        card=compare(alerts, events, span.after, span.until, series),
        compared=request.events is not None,
        trials=[Trial(variant, *_trial(run, events, span, series)) for variant, run in zip(variants, runs[1:], strict=True)],
        trace=runs[0].trace,
        model=model,
        scored=scored,
        span=span,
        settings=settings.detector,
        path=str(request.path),
        seconds=clock.monotonic() - began,
    )


def _trial(run: Evaluation, events: list[Event], span: Span, series: int) -> tuple[int, Scorecard]:
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
        raise ConfigurationError(
            f"{request.path} has no scores of model version {request.as_of!r}", f"versions that have scored it: {names}"
        )
    why = ", ".join(f"{count} {reason}" for reason, count in scored.reasons.items())
    raise ConfigurationError(
        f"{request.path} holds no document that can be scored" + (f"; {scored.rejected} rows were rejected: {why}" if why else ""),
        "look at the columns it has; `squall ingest file --help` says which are found, --map names others",
    )


def _span(model: ModelVersion, request: Request) -> Span:
    """Return what is evaluated, cut to where documents are."""
    first, last = minute_of(model.first), minute_of(model.last) + 1
    after = max(minute_of(request.start), first) if request.start else first
    until = min(-(-int(request.end.timestamp()) // 60), last) if request.end else last
    if after >= until:
        raise ConfigurationError(
            f"no documents of {request.path} lie between --from and --to",
            f"they were published from {model.first:%Y-%m-%dT%H:%MZ} to {model.last:%Y-%m-%dT%H:%MZ}",
        )
    return Span(after, until)


def _busy_days(store: Store, span: Span, lookback: int) -> list[int]:
    """Return the days, as the minute they begin, on which anything was published."""
    days = store.counts.volume(instant(span.after - lookback), instant(span.until), step=timedelta(days=1))
    return [minute_of(day.time) for day in days]

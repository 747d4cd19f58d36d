"""The benchmark of `squall model bench`: the engine compared with transformers pipelines and with the peak rate of the machine."""

from __future__ import annotations

import platform
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import torch

from squall.core.config.settings import ModelSettings
from squall.core.cpus import usable_cores
from squall.core.errors import ConfigurationError
from squall.model.bench.candidates import BATCHES, PRECISIONS, checkpoint_folder, engines, open_all, pipelines
from squall.model.bench.roofline import peak_rates, products_per_text
from squall.model.bench.timing import Candidate, Clock, latencies, run_rounds
from squall.model.checkpoint import CONFIG_FILE, TOKENIZER_FILE, NetworkConfig
from squall.model.serving.backends.base import Device, device_of
from squall.model.serving.engine import ScoringEngine
from squall.model.text_tokenizer import TextTokenizer

_PACKAGES = ("torch", "transformers", "tokenizers", "onnxruntime", "numpy")


@dataclass(frozen=True)
class Plan:
    """How much is measured.

    Args:
        rounds: turns of each candidate.
        seconds: length of a turn, about.
        batches: batch sizes of the pipelines.
        backends: precisions by backend, see `squall.model.bench.candidates.PRECISIONS`.
        calls: calls per latency figure, by texts in a call.
    """

    rounds: int = 5
    seconds: float = 3.0
    batches: tuple[int, ...] = BATCHES
    backends: Mapping[str, Sequence[str]] = field(default_factory=lambda: PRECISIONS)
    calls: Mapping[int, int] = field(default_factory=lambda: {1: 200, 32: 60, 512: 12})

    @property
    def turns(self) -> int:
        """Turns of all candidates, if this machine can run all."""
        return self.rounds * (2 * len(self.batches) + sum(map(len, self.backends.values())))


QUICK = Plan(rounds=2, seconds=0.5, batches=(1, 32), backends={"onnx": ("fp32", "int8"), "eager": ("bf16",)}, calls={1: 20, 32: 5, 512: 2})


def run_bench(
    settings: ModelSettings, texts: Sequence[str], plan: Plan, clock: Clock, step: Callable[[str], None] = lambda _: None
) -> dict[str, Any]:
    """Measure everything and return it as plain values; see docs/performance.md for what each one means.

    Args:
        settings: checkpoint, device, threads, token limits.
        texts: real headlines, at least one.
        plan: how much is measured.
        clock: monotonic seconds.
        step: receives the name of each finished step.

    Raises:
        ConfigurationError: no text, no checkpoint, or the device can't be had.
    """
    if not texts:
        raise ConfigurationError("there is no text to score", "give a file with one text per line")
    folder, device = checkpoint_folder(settings), device_of(settings)
    config = NetworkConfig.from_json((folder / CONFIG_FILE).read_text(encoding="utf-8"))
    threads = settings.threads or usable_cores()
    torch.set_num_threads(threads)
    tokenise = _tokeniser(folder, settings)
    lengths = [len(row) for row in tokenise(texts)]
    mean_tokens = sum(lengths) / len(lengths)
    step("measuring the machine's peak")
    peaks = peak_rates(torch.device(device), clock)
    work = products_per_text(config.encoder, lengths, config.branch.layers if config.branch else 0)
    with ExitStack() as stack:
        exported = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="squall-bench-")))
        opened, skipped = open_all(engines(folder, settings, exported, plan.backends), step)
        for engine in opened.values():
            stack.callback(engine.close)
        candidates = [found for size in ("base", "small") for found in pipelines(folder, settings, size, plan.batches)]
        candidates += [Candidate(name, "engine", engine.read, 512) for name, engine in opened.items()]
        tokeniser = Candidate("tokenising", "tokenising", tokenise, 512)
        run_rounds([*candidates, tokeniser], texts, plan.rounds, plan.seconds, clock, step)
        rows = [_row(candidate, mean_tokens) for candidate in candidates]
        _add_ratios(rows)
        for row in rows:
            if engine_of_row := opened.get(row["name"]):
                row |= _engine_figures(engine_of_row, texts, plan, clock)
                row["tokenising_share"] = row["texts_per_second"] / tokeniser.texts_per_second
                if peak := peaks.get(engine_of_row.precision):
                    row["share_of_floor"] = row["texts_per_second"] * work / peak
                step(f"latency of {row['name']}")
    return {
        "machine": _machine(device, threads),
        "versions": _versions(),
        "model": config.name,
        "texts": len(texts),
        "mean_tokens": mean_tokens,
        "operations_per_text": work,
        "floor": {
            precision: {"operations_per_second": rate, "texts_per_second": rate / work, "tokens_per_second": rate / work * mean_tokens}
            for precision, rate in peaks.items()
        },
        "tokenising_texts_per_second": tokeniser.texts_per_second,
        "contestants": rows,
        "skipped": skipped,
        "best": _best(rows),
    }


def _tokeniser(folder: Path, settings: ModelSettings) -> Callable[[Sequence[str]], list[list[int]]]:
    config = NetworkConfig.from_json((folder / CONFIG_FILE).read_text(encoding="utf-8"))
    return TextTokenizer(folder / TOKENIZER_FILE, settings.max_tokens, config.case_vocabulary).ids


def _row(candidate: Candidate, mean_tokens: float) -> dict[str, Any]:
    rate = candidate.texts_per_second
    return {
        "name": candidate.name,
        "kind": candidate.kind,
        "texts_per_second": rate,
        "tokens_per_second": rate * mean_tokens,
        "rounds": candidate.rates,
    }


def _add_ratios(rows: Sequence[dict[str, Any]]) -> None:
    for key, kind in (("times_base_pipelines", "base_pipelines"), ("times_small_pipelines", "small_pipelines")):
        best = max(row["texts_per_second"] for row in rows if row["kind"] == kind)
        for row in rows:
            row[key] = row["texts_per_second"] / best


def _engine_figures(engine: ScoringEngine, texts: Sequence[str], plan: Plan, clock: Clock) -> dict[str, Any]:
    waste = engine.stats().padding_waste
    return {
        "backend": engine.backend,
        "padding_waste": waste,
        "latency": {str(size): latencies(engine.read, texts, size, calls, clock) for size, calls in plan.calls.items()},
    }


def _best(rows: Sequence[dict[str, Any]]) -> dict[str, str]:
    """Return the name of the fastest of each kind."""
    kinds = dict.fromkeys(row["kind"] for row in rows)
    return {kind: max((row for row in rows if row["kind"] == kind), key=lambda row: row["texts_per_second"])["name"] for kind in kinds}


def _machine(device: Device, threads: int) -> dict[str, Any]:
    found = {"processor": _processor(), "cores": usable_cores(), "threads": threads, "device": device, "system": platform.platform()}
    if device == "cuda":
        found["gpu"] = torch.cuda.get_device_name(device)
    return found


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text(encoding="utf-8").splitlines() if cpuinfo.is_file() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.processor())


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found

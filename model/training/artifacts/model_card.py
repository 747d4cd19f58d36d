"""The model card, written from the numbers of the run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from squall.model.tasks import TaskSpec

LICENCES = {
    "tfn_sentiment": "Twitter Financial News, sentiment: MIT",
    "tfn_topic": "Twitter Financial News, topic: MIT",
    "sentfin": "SEntFiN 1.0: MIT",
    "finentity": "FinEntity: ODC-BY",
    "stocknet": "StockNet tweets: MIT",
    "augmented": "texts of these sets, rewritten by `squall model augment`",
}
"""Public sets by the name of their folder, and what was made of them."""
_LARGEST_CONFUSION = 6
"""Labels of a confusion that still reads well as a table of text."""


def model_card(run: Mapping[str, Any], tasks: Sequence[TaskSpec]) -> str:
    """Return Markdown for `metrics.json`'s content `run`.

    Args:
        run: `base, epoch, tasks, by_source, rows, config`, and where the run had them `calibration` and `provenance`.
        tasks: the heads.
    """
    lines = [*_made(run, tasks), *_data(run), *_scores(run)]
    for task in tasks:
        lines += _classes(task.name, run["tasks"][task.name])
    return "\n".join([*lines, *_limits(run), ""])


def _made(run: Mapping[str, Any], tasks: Sequence[TaskSpec]) -> Iterator[str]:
    config = run["config"]
    pooling = {"cls": "the first token's vector", "attention": "attention pooling"}.get(config.get("pooling", ""), "mean pooling")
    yield from (
        f"# {config['name']}",
        "",
        f"One encoder with {pooling} and a linear head per task, trained "
        + ("on one task after another." if config.get("strategy") == "serial" else "jointly on rows that carry any subset of the labels."),
        "Written by `squall model train` from the run; the numbers are those of `metrics.json` beside it.",
        "",
        f"- Base encoder: {run['base']}",
        f"- Tasks: {'; '.join(f'{task.name} ({len(task.labels)} labels per {_unit(task)})' for task in tasks)}",
        f"- Best epoch {run['epoch']} of {config['epochs']}, seed {config['seed']}, {config['batch_rows']} rows a batch, "
        f"learning rate {config['learning_rate']:g} (heads {config['head_learning_rate']:g}), at most {config['max_tokens']} tokens",
    )
    if share := config.get("base_share"):
        yield f"- Its weights are a mean of the base's (share {share:g}) and those that training came to (WiSE-FT)"
    yield from (f"- {line}" for line in run.get("provenance", ()))


def _data(run: Mapping[str, Any]) -> Iterator[str]:
    train, dev = run["rows"]["train"], run["rows"]["dev"]
    yield from (
        "",
        "## Data",
        "",
        f"Trained on {train['total']:,} texts, measured on {dev['total']:,} that were held out. The split is by normalised",
        "text (lower case, no links, no punctuation), so that no near-copy is on both sides.",
        "",
        "| set | training texts | held-out texts | source and licence |",
        "|---|---|---|---|",
    )
    for name in sorted({**train["by_source"], **dev["by_source"]}):
        counts = (f"{part['by_source'].get(name, 0):,}" for part in (train, dev))
        yield f"| {_escaped(name)} | {' | '.join(counts)} | {LICENCES.get(name, 'not a public set known to Squall: ask its owner')} |"


def _scores(run: Mapping[str, Any]) -> Iterator[str]:
    yield from (
        "",
        "## Held-out scores",
        "",
        "| task | set | rows | accuracy | macro F1 | weighted F1 | ECE |",
        "|---|---|---|---|---|---|---|",
    )
    yield from (_row(task, "all", body) for task, body in run["tasks"].items())
    yield from (_row(key.partition("/")[0], key.partition("/")[2], body) for key, body in run["by_source"].items())
    if run.get("calibration"):
        yield from _calibration(run["calibration"])


def _calibration(found: Mapping[str, Any]) -> Iterator[str]:
    yield from (
        "",
        "### Calibration",
        "",
        "One temperature per text task, folded into its head (Guo et al. 2017). It was fitted on the held-out rows it is measured on here:",
        "a single number, so the optimism is small, but the true error is a little larger. ECE: expected calibration error, 15 bins;",
        "NLL: mean negative log-likelihood.",
        "",
        "| task | temperature | ECE before | ECE after | NLL before | NLL after |",
        "|---|---|---|---|---|---|",
    )
    for task, body in found.items():
        before, after = body["before"], body["after"]
        numbers = (body["temperature"], before["ece"], after["ece"], before["nll"], after["nll"])
        yield f"| {task} | {' | '.join(f'{number:.4f}' for number in numbers)} |"


def _classes(task: str, body: Mapping[str, Any]) -> Iterator[str]:
    yield from ("", f"### {task}", "", "| class | precision | recall | F1 | rows |", "|---|---|---|---|---|")
    for name, c in body["classes"].items():
        yield f"| {_escaped(name)} | {c['precision']:.3f} | {c['recall']:.3f} | {c['f1']:.3f} | {c['support']} |"
    labels, counts = list(map(_escaped, body["classes"])), body.get("confusion", ())
    if 0 < len(counts) <= _LARGEST_CONFUSION:
        yield from ("", f"| true ↓ predicted → | {' | '.join(labels)} |", "|---" * (len(labels) + 1) + "|")
        yield from (f"| {label} | {' | '.join(map(str, row))} |" for label, row in zip(labels, counts, strict=True))


def _limits(run: Mapping[str, Any]) -> Iterator[str]:
    yield from (
        "",
        "## Use and limits",
        "",
        "Made for short English financial news and social posts: a headline, a tweet, a first paragraph, to watch the mood about a",
        f"topic over many texts. It was trained on the first {run['config']['max_tokens']} tokens of a text; other languages, irony, and",
        "documents whose point comes later are outside of what it has seen. Sentiment is the tone towards the asset or company as the",
        "sets' annotators saw it, not advice, and no ground for a decision on a single text. Topics with few training rows are weaker,",
        "see the tables above. Labels of public sets are noisy: part of what counts as a mistake here is theirs. Companies and years",
        "outside of the training texts may score worse: measure on your own rows with `squall model evaluate` before you rely on it.",
    )


def _row(task: str, source: str, body: Mapping[str, Any]) -> str:
    numbers = [f"{body[key]:.4f}" if key in body else "–" for key in ("accuracy", "macro_f1", "weighted_f1", "ece")]
    return f"| {task} | {_escaped(source)} | {body['rows']} | {' | '.join(numbers)} |"


def _unit(task: TaskSpec) -> str:
    return "token" if task.kind == "tokens" else "text"


def _escaped(name: str) -> str:
    return name.replace("|", "\\|")

"""The model card, written from the numbers of the run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from model.tasks import TaskSpec


def model_card(run: Mapping[str, Any], tasks: Sequence[TaskSpec]) -> str:
    """Return Markdown for `metrics.json`'s content `run`."""
    config = run["config"]
    lines = [
        f"# {config['name']}",
        "",
        "One encoder with mean pooling and a linear head per task, trained jointly on rows that carry any subset of the labels.",
        "Written by `squall model train` from the run; the numbers are those of `metrics.json` beside it.",
        "",
        f"- Base encoder: {run['base']}",
        f"- Tasks: {'; '.join(f'{task.name} ({len(task.labels)} labels)' for task in tasks)}",
        f"- Trained on {run['rows']['train']['total']:,} texts: {_sources(run['rows']['train'])}",
        f"- Measured on {run['rows']['dev']['total']:,} held-out texts, split by normalised text: {_sources(run['rows']['dev'])}",
        f"- Best epoch {run['epoch']} of {config['epochs']}, seed {config['seed']}, {config['batch_rows']} rows a batch, "
        f"learning rate {config['learning_rate']:g} (heads {config['head_learning_rate']:g}), at most {config['max_tokens']} tokens",
        "",
        "## Dev split",
        "",
        "| task | set | rows | accuracy | macro F1 | weighted F1 |",
        "|---|---|---|---|---|---|",
    ]
    lines += [_row(task, "all", body) for task, body in run["tasks"].items()]
    lines += [_row(key.partition("/")[0], key.partition("/")[2], body) for key, body in run["by_source"].items()]
    for task, body in run["tasks"].items():
        lines += ["", f"### {task}", "", "| class | precision | recall | F1 | rows |", "|---|---|---|---|---|"]
        lines += [
            f"| {_escaped(name)} | {c['precision']:.3f} | {c['recall']:.3f} | {c['f1']:.3f} | {c['support']} |"
            for name, c in body["classes"].items()
        ]
    lines += [
        "",
        "## Use and limits",
        "",
        "Made for short English financial news and social posts: a headline, a tweet, a first paragraph. Other languages, irony and",
        "long documents are outside of what it has seen. Sentiment is the tone towards the asset or company, not advice. Topics with",
        "few training rows are weaker, see the tables above.",
        "",
    ]
    return "\n".join(lines)


def _row(task: str, source: str, body: Mapping[str, Any]) -> str:
    return f"| {task} | {source} | {body['rows']} | {body['accuracy']:.4f} | {body['macro_f1']:.4f} | {body['weighted_f1']:.4f} |"


def _sources(counts: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {number:,}" for name, number in counts["by_source"].items())


def _escaped(name: str) -> str:
    return name.replace("|", "\\|")

"""`squall model pairs`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from squall.cli.options import AsJson, Checkpoint, settings_of
from squall.cli.output import echo, print_json


def pairs(
    context: typer.Context,
    data: Annotated[Path, typer.Option(help="JSONL file of pairs, such as model/labelled/minimal_pairs.jsonl.")],
    failed: Annotated[bool, typer.Option("--failed", help="Print the pairs that fail.")] = False,
    checkpoint: Checkpoint = None,
    as_json: AsJson = False,
) -> None:
    """Test a checkpoint on pairs of texts that differ in little.

    A line is {"id": …, "phenomenon": …, "a": …, "b": …, "expect": …}. What can be expected: "severity a > b" (a is graver), "tone a < b"
    (a is more negative), "label a negative, b positive", "event a: insolvency" (a has it, b has not), and, of two names in one text,
    'mention a "X" < "Y"' (the tone towards X is more negative). Prints the share of pairs passed with a 95% interval, and of each
    phenomenon.
    """
    from squall.model.evaluation.minimal_pairs import judge_pairs, read_pairs
    from squall.model.serving.engine import ScoringEngine

    known = read_pairs(data)
    settings = settings_of(context).model
    with ScoringEngine.open(settings.model_copy(update={"path": checkpoint}) if checkpoint else settings, ()) as engine:
        found = judge_pairs(engine, known)
    if as_json:
        print_json(found)
        return
    low, high = found["interval"]
    echo(f"{found['passed']:.3f} of {found['pairs']} pairs passed (95% interval {low:.3f} to {high:.3f}) ({found['model_version']})")
    for name, of in found["phenomena"].items():
        echo(f"  {name:<28}{of['passed']:>6.2f} of {of['pairs']}")
    for pair in found["failed"] if failed else ():
        echo(f"{pair['id']}\n  a: {pair['a']}\n  b: {pair['b']}")

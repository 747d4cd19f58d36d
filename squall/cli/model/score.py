"""`squall model score`."""

from __future__ import annotations

import sys

import orjson
import typer

from squall.cli.options import Checkpoint, settings_of


def score(context: typer.Context, checkpoint: Checkpoint = None) -> None:
    """Score lines of text from standard input.

    A line is a text, or a JSON object {"text": …, "id": …}; one JSON object per line is written. A line that cannot be scored gives an
    object with `line` and `error`; the other lines are scored.
    """
    from squall.model.serving.engine import ScoringEngine
    from squall.model.serving.json_lines import score_lines

    settings = settings_of(context).model
    with ScoringEngine.open(settings.model_copy(update={"path": checkpoint}) if checkpoint else settings) as engine:
        for result in score_lines(sys.stdin.buffer, engine):
            sys.stdout.buffer.write(orjson.dumps(result, option=orjson.OPT_APPEND_NEWLINE))
    sys.stdout.buffer.flush()

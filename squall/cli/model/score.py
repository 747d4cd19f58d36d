"""`squall model score`."""

from __future__ import annotations

import sys

import orjson
import typer

from squall.cli.options import AsJson, Checkpoint, settings_of


def score(context: typer.Context, checkpoint: Checkpoint = None, _as_json: AsJson = True) -> None:
    """Score lines of text from standard input.

    A line is a text, or a JSON object {"text": …, "id": …, "entities": […]}; one JSON object per line is written, with or without --json.
    Beside topic and sentiment it has `severity`, how grave what happened is, from 0 (nothing adverse) to 1 (ruin), and `events`, what
    happened, with probabilities, likeliest first; null and [] where the checkpoint has no heads for them.
    Its `entities` are the companies and other names that the text is about, each with the tone towards it (p_negative, p_neutral,
    p_positive), how grave what happened is for it (severity), what happened to it (events), its place, and its relevance from 0 to 1. With
    "entities": ["Royal Mail"] they are these names, in this order, known or not; a name that the text does not have gets the tone of the
    text, null for place and severity, and no events. A line that cannot be scored gives an object with `line` and `error`; the other
    lines are scored.

    Of a text with more tokens than the model reads (SQUALL_MODEL__MAX_TOKENS, 128) the title, the first sentence below it and those
    sentences of its first 11,000 characters are read that sound grave or name one of the entities. A name in none of them has null for
    its severity.
    """
    from squall.app.linking import entity_objects, open_linker, wanted_entities
    from squall.model.serving.engine import ScoringEngine
    from squall.model.serving.json_lines import score_lines

    settings = settings_of(context)
    linker = open_linker(settings.entities)
    finder, want = entity_objects(linker), wanted_entities(linker)
    model = settings.model.model_copy(update={"path": checkpoint}) if checkpoint else settings.model
    with ScoringEngine.open(model) as engine:
        for result in score_lines(sys.stdin.buffer, engine, extend=finder, want=want):
            sys.stdout.buffer.write(orjson.dumps(result, option=orjson.OPT_APPEND_NEWLINE))
    sys.stdout.buffer.flush()

"""A file of labelled templates, read and filled into training examples."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

from pydantic import ValidationError

from squall.core.config.files.regular import MOST_SETTINGS_BYTES, read_regular_file
from squall.core.errors import ConfigurationError
from squall.core.gravity.severities import SEVERITIES
from squall.model.data.examples import Example
from squall.model.data.mentions.annotation import NameAnnotator
from squall.model.data.mentions.gazetteer import Gazetteer, company_names, short_name
from squall.model.data.mentions.words import OrdinaryWords, listed
from squall.model.data.templates.filling import FilledSlot, Fillers, fill, slots
from squall.model.data.templates.joining import joined_templates
from squall.model.data.templates.template import Template
from squall.model.spans import Span
from squall.model.tasks import EVENTS, MENTION_EVENTS, MENTION_SENTIMENT, MENTION_SEVERITY, NAMES, NONE, SENTIMENT, SEVERITY, TaskSpec

_KINDS = {"A": "ORG", "B": "ORG", "C": "ORG", "ticker": "ORG", "person": "PER", "surname": "PER", "place": "LOC", "place2": "LOC"}
_LONGEST_NAME = 4
"""Words of a company's name in a headline."""
_LONGEST_ACRONYM = 4


def read_templates(path: Path) -> list[Template]:
    """Read a JSONL file of templates.

    Raises:
        ConfigurationError: not readable, or a line is no template; names the line.
    """
    try:
        lines = read_regular_file(path, MOST_SETTINGS_BYTES).decode("utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{path} is not UTF-8: byte {error.start}", "save it as UTF-8") from None
    found = []
    for number, line in enumerate(lines, 1):
        try:
            template = Template.model_validate_json(line)
            _check(template)
        except ValidationError as error:
            raise ConfigurationError(f"{path}, line {number}: {_problem(error)}", "correct the line or leave it out") from None
        except ValueError as error:
            raise ConfigurationError(f"{path}, line {number}: {error}", "correct the line or leave it out") from None
        found.append(template)
    return found


def template_examples(
    paths: Sequence[Path], companies: Path, tasks: Sequence[TaskSpec], copies: int, seed: int, joined: float = 0.0
) -> list[Example]:
    """Return each template filled `copies` times, then texts of two of them, with the labels and spans that `tasks` learn.

    Args:
        paths: files of templates.
        companies: table of companies to take names from.
        tasks: heads of the run.
        copies: of each template, each with other fillings.
        seed: of the fillings.
        joined: how many texts of two templates, as a share of all fillings.

    Raises:
        ConfigurationError: a file is not readable or has a line that is no template.
    """
    templates = [(template, path) for path in paths for template in read_templates(path)]
    ordinary = OrdinaryWords.of([template.text for template, _ in templates])
    annotator = NameAnnotator(Gazetteer.open(companies, ordinary))
    short = dict.fromkeys(_written(short_name(name)) for name in company_names(companies))
    fillers = Fillers(
        [name for name in short if len(name) > 2 and len(name.split()) <= _LONGEST_NAME],
        listed("places.txt"),
        listed("given_names.txt"),
        listed("surnames.txt"),
    )
    rng = random.Random(seed)  # noqa: S311 - a choice, not a secret
    wanted = {task.name for task in tasks}
    rows = [_example(template, path.stem, fillers, annotator, wanted, rng) for _ in range(copies) for template, path in templates]
    pairs = joined_templates([template for template, _ in templates], round(joined * len(rows)), rng)
    return rows + [_example(pair, "joined", fillers, annotator, wanted, rng) for pair in pairs]


def _written(name: str) -> str:
    """A name as a headline has it; the table has many in capitals."""
    return " ".join(word.capitalize() if len(word) > _LONGEST_ACRONYM else word for word in name.split()) if name.isupper() else name


def _check(template: Template) -> None:
    keys = slots(template.text)
    named = {key for key in keys if key in {"A", "B", "C"}} | {key.partition(":")[2] for key in keys if key.startswith("ticker:")}
    if named != set(template.orgs):
        raise ValueError(f"orgs has {', '.join(template.orgs) or 'nothing'}, the text {', '.join(sorted(named)) or 'no organisation'}")
    fill(template.text, Fillers(["Acme"], ["Lima"], ["Ann"], ["Lee"]), random.Random(0))  # noqa: S311 - raises ValueError for an unknown slot
    EVENTS.label(template.events)
    for tone in (template.tone or "", *(tone for _, tone in template.orgs.values())):
        SENTIMENT.index(tone)


def _problem(error: ValidationError) -> str:
    first = error.errors()[0]
    return f"{'.'.join(map(str, first['loc']))}: {first['msg']}".removeprefix(": ")


def _example(template: Template, source: str, fillers: Fillers, annotator: NameAnnotator, wanted: set[str], rng: random.Random) -> Example:
    text, filled = fill(template.text, fillers, rng)
    labels = {SEVERITY.name: template.severity / (len(SEVERITIES) - 1), EVENTS.name: EVENTS.label(template.events)}
    if template.tone is not None:
        labels[SENTIMENT.name] = SENTIMENT.index(template.tone)
    mentions = [(slot, org) for slot in filled if (org := _organisation(slot)) in template.orgs]
    known = [Span(slot.start, slot.end, kind) for slot in filled if (kind := _KINDS.get(slot.key.partition(":")[0]))]
    spans = {
        NAMES.name: annotator.completed(text, known),
        MENTION_SENTIMENT.name: tuple(Span(slot.start, slot.end, template.orgs[org][1]) for slot, org in mentions),
        MENTION_SEVERITY.name: tuple(Span(slot.start, slot.end, SEVERITIES[template.orgs[org][0]]) for slot, org in mentions),
        MENTION_EVENTS.name: tuple(Span(slot.start, slot.end, ";".join(template.events_of(org)) or NONE) for slot, org in mentions),
    }
    return Example(
        text,
        {name: label for name, label in labels.items() if name in wanted},
        source,
        {name: found for name, found in spans.items() if name in wanted and (found or name == NAMES.name)},
    )


def _organisation(slot: FilledSlot) -> str:
    name, _, argument = slot.key.partition(":")
    return argument if name == "ticker" else name

"""The public sets the shipped checkpoint is trained on, found in a folder laid out like `../shared/data`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, get_args

from squall.core.errors import ConfigurationError
from squall.core.records import TOPICS
from squall.model.data.examples import Example, LabelledFile, load_examples
from squall.model.data.mentions.examples import mention_examples
from squall.model.data.mentions.sets import entity_tones
from squall.model.data.tables import read_table
from squall.model.tasks import HEADLINES, MENTION_SENTIMENT, SENTIMENT, TaskSpec, find_task

TFN_SENTIMENT_ORDER = ("negative", "positive", "neutral")
"""Integers in Twitter Financial News' sentiment set: bearish, bullish, neutral."""


PublicSet = Literal["tfn_sentiment", "tfn_topic", "sentfin", "finentity", "sec_ner"]
SETS: tuple[PublicSet, ...] = get_args(PublicSet)


def public_examples(folder: Path, tasks: tuple[TaskSpec, ...], sets: Sequence[PublicSet] = SETS) -> list[Example]:
    """Read the public sets that `sets` names from `folder`, for the heads that `tasks` has.

    Twitter Financial News has sentiment and topics. SEntFiN's labels of whole headlines go to the head `headline_sentiment` where there is
    one, to none where there is `mention_sentiment`, else to `sentiment`. The heads `names` and `mention_sentiment` learn from all sets, see
    `squall.model.data.mentions`.

    Raises:
        ConfigurationError: a set is missing or broken.
    """
    parts = (
        LabelledFile(folder / "tfn_sentiment" / "train.csv", {"sentiment": "label"}, {"sentiment": TFN_SENTIMENT_ORDER}),
        LabelledFile(folder / "tfn_topic" / "train.parquet", {"topic": "label"}, {"topic": TOPICS}),
    )
    names = {task.name for task in tasks}
    rows = [row for part in parts if part.path.parent.name in sets and set(part.columns) <= names for row in load_examples(part, tasks)]
    headlines = next(name for name in (HEADLINES.name, MENTION_SENTIMENT.name, SENTIMENT.name) if name in names or name == SENTIMENT.name)
    if "sentfin" in sets and headlines in names and headlines != MENTION_SENTIMENT.name:
        rows += sentfin_examples(folder / "sentfin" / "SEntFiN.csv", find_task(tasks, headlines))
    return rows + mention_examples(folder, tasks, sets)


def sentfin_examples(path: Path, task: TaskSpec) -> list[Example]:
    """Read the SEntFiN headlines whose named entities all have the same sentiment.

    Headlines of mixed sentiment have no single label, and a few entity dicts of the source don't parse: both are left out.
    """
    table = read_table(path)
    if not {"Title", "Decisions"} <= set(table.columns):
        raise ConfigurationError(f"{path} has no columns Title, Decisions", f"it has {', '.join(map(str, table.columns))}")
    rows = []
    for title, decisions in zip(table["Title"].tolist(), table["Decisions"].tolist(), strict=True):
        sentiments = set((entity_tones(decisions) or {}).values())
        if len(sentiments) == 1 and title.strip():
            rows.append(Example(title, {task.name: task.index(sentiments.pop())}, path.parent.name))
    return rows

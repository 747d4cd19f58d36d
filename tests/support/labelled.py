"""Made-up labelled rows that a network of a few thousand weights learns in seconds."""

from __future__ import annotations

import io
import random

from squall.model.data.examples import Example
from squall.model.spans import Span
from squall.model.tasks import TaskSpec
from squall.model.training.artifacts.run_log import RunLog

MOOD = TaskSpec("mood", ("bad", "good"))
SUBJECT = TaskSpec("subject", ("oil", "gold", "fed"))
MENTION = TaskSpec("mention", ("O", "B", "I"), "tokens")
TASKS = (MOOD, SUBJECT)
QUIET = RunLog(io.StringIO())


def rows(number: int, seed: int) -> list[Example]:
    """Texts whose words give both labels away; each row carries one label, never both."""
    rng = random.Random(seed)
    made = []
    for i in range(number):
        mood, subject = rng.randrange(2), rng.randrange(3)
        filler = " ".join(rng.choices(["the", "a", "of", "on", "day", "deal", "bid"], k=rng.randrange(1, 6)))
        text = f"{SUBJECT.labels[subject]} {filler} {('weak fall', 'strong rise')[mood]}"
        made.append(Example(text, {"mood": mood} if i % 2 else {"subject": subject}, "made"))
    return made


def rows_with_mentions(number: int, seed: int) -> list[Example]:
    """The same, with every mention of a bank (`bank`, `bank of gold`) as a span."""
    rng = random.Random(seed)
    made = []
    for row in rows(number, seed):
        name = rng.choice(["bank", "bank of gold"])
        spans = (Span(0, len(name)),) if rng.random() < 0.8 else ()
        text = f"{name} {row.text}" if spans else row.text
        made.append(Example(text, row.labels, row.source, {"mention": spans}))
    return made

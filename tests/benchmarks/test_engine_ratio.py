"""The engine against what a user would write without it, side by side in one run on one machine."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

import pytest
import torch

from core.settings import ModelSettings
from model.engine import ScoringEngine
from model.network import SHIPPED, MultiTaskNetwork
from model.tokens import load_tokenizer, pad

WORDS = [
    "bank",
    "shares",
    "fall",
    "after",
    "profit",
    "warning",
    "as",
    "oil",
    "prices",
    "rise",
    "and",
    "the",
    "fed",
    "holds",
    "rates",
    "while",
    "gold",
    "slips",
    "on",
    "strong",
    "dollar",
    "data",
]


def _texts(number: int) -> list[str]:
    rng = random.Random(1)
    return [" ".join(rng.choices(WORDS, k=rng.randrange(6, 40))) for _ in range(number)]


def _seconds(work: Callable[[], object]) -> float:
    """Processor seconds of this process: other people's load doesn't count."""
    started = time.process_time()
    work()
    return time.process_time() - started


@pytest.mark.slow
def test_the_engine_beats_one_text_and_one_task_at_a_time() -> None:
    texts = _texts(128)
    engine = ScoringEngine.open(ModelSettings(device="cpu", threads=1))
    engine.warm_up()
    network = MultiTaskNetwork.load(SHIPPED)
    tokenizer = load_tokenizer(SHIPPED / "tokenizer.json", 128)

    def naive() -> None:
        with torch.inference_mode():
            for task in ("topic", "sentiment"):  # a model per task, a text per call
                for text in texts:
                    network(*pad([tokenizer.encode(text).ids]))[task].softmax(-1)

    naive_seconds = min(_seconds(naive) for _ in range(2))
    engine_seconds = min(_seconds(lambda: engine.score(texts)) for _ in range(3))
    ratio = naive_seconds / engine_seconds
    print(f"engine {len(texts) / engine_seconds:.0f} texts per processor second, naive {len(texts) / naive_seconds:.0f}: {ratio:.1f} times")
    least = 2.5 if engine.precision == "int8" else 1.5
    assert ratio > least

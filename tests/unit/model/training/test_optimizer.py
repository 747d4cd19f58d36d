"""Parameter groups, the schedule, the moving average, masking."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from squall.model.network import MultiTaskNetwork
from squall.model.tasks import MISSING
from squall.model.training.lr_schedule import warmup_decay
from squall.model.training.optimizer import parameter_groups
from squall.model.training.pretraining.pretrain import mask_tokens
from squall.model.training.techniques.weight_averaging import WeightAverage
from tests.support.labelled import TASKS


def test_each_layer_learns_slower_than_the_one_above(tiny_base: Path) -> None:
    network = MultiTaskNetwork.from_base(tiny_base, TASKS, name="x")
    groups = parameter_groups(network.named_parameters(), rate=1.0, decay=0.1, head_rate=5.0, layer_decay=0.5)
    rates = {id(p): group["lr"] for group in groups for p in group["params"]}
    found = {name: rates[id(p)] for name, p in network.named_parameters()}
    assert found["encoder.encoder.layer.1.output.dense.weight"] == 1.0
    assert found["encoder.encoder.layer.0.output.dense.weight"] == 0.5
    assert found["encoder.embeddings.word_embeddings.weight"] == 0.25
    assert found["heads.mood.weight"] == 5.0
    assert sum(len(group["params"]) for group in groups) == len(list(network.parameters()))
    decayed = [group for group in groups if group["weight_decay"]]
    assert all(p.ndim > 1 for group in decayed for p in group["params"])


@given(st.integers(1, 2000), st.floats(0, 0.9))
def test_the_rate_rises_then_falls_and_stays_within_its_peak(steps: int, share: float) -> None:
    factors = [warmup_decay(steps, share)(step) for step in range(steps)]
    assert all(0 < factor <= 1 + 1e-9 for factor in factors)
    peak = factors.index(max(factors))
    assert factors[:peak] == sorted(factors[:peak])
    assert factors[peak:] == sorted(factors[peak:], reverse=True)


def test_the_average_lags_the_weights_and_swaps_in_and_out() -> None:
    layer = torch.nn.Linear(1, 1, bias=False)
    with torch.no_grad():
        layer.weight.zero_()
    average = WeightAverage(layer, 0.5)
    for value in (1.0, 2.0):
        with torch.no_grad():
            layer.weight.fill_(value)
        average.update(layer)
    expected = (0 * 2 / 11 + 1 * 9 / 11) * 3 / 12 + 2 * 9 / 12  # early steps keep (1 + n) / (10 + n)
    average.swap(layer)
    assert layer.weight.item() == pytest.approx(expected)
    average.swap(layer)
    assert layer.weight.item() == 2.0


def test_masking_hides_the_share_asked_for_and_never_special_tokens() -> None:
    ids = torch.arange(5, 405).repeat(50, 1)
    maskable = torch.ones_like(ids, dtype=torch.bool)
    maskable[:, 0] = False
    inputs, labels = mask_tokens(ids, maskable, mask_id=4, vocabulary=1000, share=0.15, generator=torch.Generator().manual_seed(2))
    hidden = labels != MISSING
    assert hidden.float().mean().item() == pytest.approx(0.15, abs=0.01)
    assert not hidden[:, 0].any()
    assert torch.equal(labels[hidden], ids[hidden])
    assert torch.equal(inputs[~hidden], ids[~hidden])
    assert (inputs[hidden] == 4).float().mean().item() == pytest.approx(0.8, abs=0.03)
    assert (inputs[hidden] == ids[hidden]).float().mean().item() == pytest.approx(0.1, abs=0.03)

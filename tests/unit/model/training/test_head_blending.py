"""Two heads made one: the logits are averaged, the labels follow."""

from __future__ import annotations

import pytest
import torch

from squall.core.errors import ConfigurationError
from squall.model.checkpoint import NetworkConfig
from squall.model.data.examples import Example
from squall.model.network import MultiTaskNetwork
from squall.model.tasks import HEADLINES, SENTIMENT, TOPIC
from squall.model.training.techniques.head_blending import Blend, blend_heads, relabelled

BLEND = Blend(into="sentiment", other="headline_sentiment", share=0.25)


@pytest.fixture
def network() -> MultiTaskNetwork:
    torch.manual_seed(0)
    encoder = {
        "model_type": "bert",
        "vocab_size": 50,
        "hidden_size": 16,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "intermediate_size": 32,
    }
    return MultiTaskNetwork.from_config(NetworkConfig(encoder, (TOPIC, SENTIMENT, HEADLINES), 0.1, 16, "tiny")).eval()


def test_the_blended_head_gives_the_weighted_mean_of_both_logits(network: MultiTaskNetwork) -> None:
    ids, mask = torch.tensor([[1, 2, 3]]), torch.ones(1, 3, dtype=torch.long)
    with torch.inference_mode():
        apart, together = network(ids, mask), blend_heads(network, BLEND)(ids, mask)
    assert set(together) == {"topic", "sentiment"}
    torch.testing.assert_close(together["sentiment"], 0.75 * apart["sentiment"] + 0.25 * apart["headline_sentiment"])
    torch.testing.assert_close(together["topic"], apart["topic"])


def test_heads_of_different_labels_are_not_blended(network: MultiTaskNetwork) -> None:
    with pytest.raises(ConfigurationError, match="different labels"):
        blend_heads(network, Blend(into="sentiment", other="topic", share=0.5))


def test_rows_keep_their_own_label_over_the_other_heads() -> None:
    both = Example("a", {"sentiment": 0, "headline_sentiment": 2}, "x")
    other = Example("b", {"headline_sentiment": 2, "topic": 5}, "x")
    assert [row.labels for row in relabelled([both, other], BLEND.into, BLEND.other)] == [{"sentiment": 0}, {"sentiment": 2, "topic": 5}]

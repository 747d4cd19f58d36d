"""A masked language model: an encoder with the head that guesses hidden tokens."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional

from squall.core.errors import ConfigurationError
from squall.model.network import load_encoder

HEAD_FILE = "masked_language_head.safetensors"


class MaskedLanguageModel(nn.Module):
    """Any encoder with BERT's head: dense, GELU, layer norm, then the transposed word embeddings as output weights."""

    def __init__(self, encoder: nn.Module) -> None:
        super().__init__()
        self.encoder = encoder
        self.embeddings = cast(nn.Embedding, cast(Any, encoder).get_input_embeddings())
        width = self.embeddings.embedding_dim
        self.transform = nn.Sequential(nn.Linear(width, width), nn.GELU(), nn.LayerNorm(width))
        self.bias = nn.Parameter(torch.zeros(self.embeddings.num_embeddings))

    @classmethod
    def load(cls, folder: Path) -> MaskedLanguageModel:
        """Read what `save` wrote; fp32, in evaluation mode.

        Raises:
            ConfigurationError: not readable as an encoder, or without the head.
        """
        if not (folder / HEAD_FILE).is_file():
            raise ConfigurationError(f"{folder} has no {HEAD_FILE}", "make it with `squall model pretrain`")
        model = cls(load_encoder(folder))
        head = load_file(folder / HEAD_FILE)
        model.bias.data.copy_(head.pop("bias"))
        model.transform.load_state_dict(head)
        return model.eval()

    def save(self, folder: Path) -> None:
        """Write encoder and head into `folder`."""
        cast(Any, self.encoder).save_pretrained(folder)
        head = {**self.transform.state_dict(), "bias": self.bias.detach()}
        save_file({name: value.cpu().contiguous() for name, value in head.items()}, folder / HEAD_FILE)

    def forward(self, input_ids: Tensor, attention_mask: Tensor, hidden_at: Tensor) -> Tensor:
        """Return logits over the vocabulary, shape (hidden tokens, vocabulary), where `hidden_at` (rows, tokens) is true."""
        states = self.encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        return functional.linear(self.transform(states[hidden_at]), self.embeddings.weight, self.bias)


def mask_token(tokenizer: Tokenizer, base: Path) -> int:
    """Return the id of the token that stands for a hidden one.

    Raises:
        ConfigurationError: the tokenizer has none.
    """
    found = next((i for token in ("[MASK]", "<mask>") if (i := tokenizer.token_to_id(token)) is not None), None)
    if found is None:
        raise ConfigurationError(
            f"the tokenizer of {base} has no [MASK] token", "take an encoder that was made for masked language modelling"
        )
    return int(found)

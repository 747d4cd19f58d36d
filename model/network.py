"""The multi-task network: one encoder and a linear head per task, on the pooled text or on every token; saved as one folder."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from squall.core.errors import ConfigurationError
from squall.model.branch import Branch, Vectors
from squall.model.case import Case
from squall.model.checkpoint import (
    CONFIG_FILE,
    TOKENIZER_FILE,
    WEIGHTS_FILE,
    BranchConfig,
    Checkpoint,
    NetworkConfig,
    is_checkpoint,
    unreadable,
)
from squall.model.mixture import Mixture
from squall.model.pooling import POOLINGS
from squall.model.tasks import TaskSpec
from squall.model.tokenizer import padded


class MultiTaskNetwork(nn.Module):
    """Encoder → pooling over real tokens → dropout → one linear head per text task; tokens and spans tasks read the tokens' vectors.

    With a branch, some heads read copies of the encoder's last layers instead of these; see `squall.model.branch`.

    Args:
        encoder: any Hugging Face encoder that returns `last_hidden_state`.
        config: its configuration and the tasks.
    """

    def __init__(self, encoder: nn.Module, config: NetworkConfig) -> None:
        super().__init__()
        if getattr(encoder, "pooler", None) is not None:
            cast(Any, encoder).pooler = None  # never read: pooling is done here
        width = int(cast(Any, encoder).config.hidden_size)
        self.config = config
        self.encoder = encoder
        self.pool = POOLINGS[config.pooling](width)
        self.dropout = nn.Dropout(config.dropout)
        self.case = nn.Embedding(len(Case), width) if config.case else None
        if self.case is not None:
            nn.init.zeros_(self.case.weight)  # an encoder that never saw it starts as it was
        self.branch = Branch(encoder, config.branch.layers) if config.branch else None
        self.heads = heads_of(config, width)

    @classmethod
    def from_base(
        cls,
        base: Path | str,
        tasks: Sequence[TaskSpec],
        *,
        dropout: float = 0.1,
        max_tokens: int = 64,
        name: str,
        pooling: str = "mean",
        case: bool = False,
        branch: BranchConfig | None = None,
        mixture: Mixture | None = None,
    ) -> MultiTaskNetwork:
        """Put fresh heads on the pre-trained encoder in folder (or hub name) `base`.

        Raises:
            ConfigurationError: `base` can't be read as an encoder, or can't have such a branch.
        """
        encoder = load_encoder(base)
        parts = (name, pooling, case, branch)
        config = NetworkConfig(encoder_dict(cast(Any, encoder).config), tuple(tasks), dropout, max_tokens, *parts, mixture=mixture)
        return cls(encoder, config)

    def take_heads(self, other: MultiTaskNetwork) -> list[str]:
        """Copy pooling, case, branch and the heads of equal tasks from `other`, of the same width; returns those tasks' names.

        A head that reads the branch too here, and the encoder alone there, answers as there at first.
        """
        same = [task.name for task in self.config.tasks if task in other.config.tasks]
        for name in same:
            _copy_head(cast(nn.Linear, self.heads[name]), cast(nn.Linear, other.heads[name]))
        if self.config.pooling == other.config.pooling:
            self.pool.load_state_dict(other.pool.state_dict())
        if self.case is not None and other.case is not None:
            self.case.load_state_dict(other.case.state_dict())
        if self.branch is not None and other.branch is not None and len(self.branch.layers) == len(other.branch.layers):
            self.branch.load_state_dict(other.branch.state_dict())
        return same

    @classmethod
    def from_config(cls, config: NetworkConfig) -> MultiTaskNetwork:
        """Build the network with random weights."""
        from transformers import AutoConfig, AutoModel

        settings = dict(config.encoder)
        encoder = AutoModel.from_config(AutoConfig.for_model(settings.pop("model_type"), **settings))
        return cls(encoder, config)

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> dict[str, Tensor]:
        """Return logits per task from token ids and mask of shape (rows, tokens).

        Shape (rows, labels) for a text task, (rows, tokens, labels) for a tokens or spans task. Where the network reads the case of words,
        ids carry it.
        """
        return self.logits(self.vectors(input_ids, attention_mask))

    def vectors(self, input_ids: Tensor, attention_mask: Tensor) -> Vectors:
        """Return what the heads read of token ids and mask of shape (rows, tokens)."""
        if self.branch is None:
            hidden = self._encoded(input_ids, attention_mask).last_hidden_state
            return Vectors(self.pool(hidden, attention_mask), hidden)
        size = self._words.num_embeddings
        found = self.encoder(input_ids=input_ids % size, attention_mask=attention_mask, output_hidden_states=True)
        begin = found.hidden_states[-1 - len(self.branch.layers)]
        own = self.branch(begin if self.case is None else begin + self.case(input_ids // size), attention_mask)
        last = found.last_hidden_state
        return Vectors(self.pool(last, attention_mask), last, self.pool(own, attention_mask), own)

    @property
    def _words(self) -> nn.Embedding:
        return cast(nn.Embedding, self.encoder.get_input_embeddings())  # type: ignore[operator]

    def _encoded(self, input_ids: Tensor, attention_mask: Tensor) -> Any:
        if self.case is None:
            return self.encoder(input_ids=input_ids, attention_mask=attention_mask)
        size = self._words.num_embeddings
        embedded = self._words(input_ids % size) + self.case(input_ids // size)
        return self.encoder(inputs_embeds=embedded, attention_mask=attention_mask)

    def logits(self, vectors: Vectors) -> dict[str, Tensor]:
        """Return the heads' logits per task, in the shapes of `forward`."""
        dropped = Vectors._make(None if part is None else self.dropout(part) for part in vectors)
        return {task.name: self.heads[task.name](self._read_by(task, dropped)) for task in self.config.tasks}

    def _read_by(self, task: TaskSpec, vectors: Vectors) -> Tensor:
        of_text = task.kind == "text"
        of_encoder = vectors.texts if of_text else vectors.tokens
        of_branch = vectors.branch_texts if of_text else vectors.branch_tokens
        if self.config.branch is None or of_branch is None:
            return of_encoder
        if self.training and task.name in self.config.branch.both:
            # the base has learnt its training texts by heart: half of the rows show what the branch makes of them alone
            of_encoder = of_encoder * torch.randint(2, (len(of_encoder), *(1,) * (of_encoder.ndim - 1)), device=of_encoder.device)
        parts = [(of_encoder, of_branch)[part] for part in self.config.branch.reads(task.name)]
        return parts[0] if len(parts) == 1 else torch.cat(parts, -1)

    def save(self, folder: Path, tokenizer_json: str) -> None:
        """Write config, fp16 weights and tokenizer into `folder`, which is made if missing."""
        folder.mkdir(parents=True, exist_ok=True)
        state = {
            key: value.detach().cpu().half().contiguous() if value.is_floating_point() else value
            for key, value in self.state_dict().items()
        }
        save_file(state, folder / WEIGHTS_FILE, metadata={"format": "pt"})
        (folder / WEIGHTS_FILE).chmod(0o644)  # the library leaves it readable by its owner alone
        (folder / CONFIG_FILE).write_text(self.config.to_json(), encoding="utf-8")
        (folder / TOKENIZER_FILE).write_text(tokenizer_json, encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> MultiTaskNetwork:
        """Read a folder written by `save`; the network is fp32, on the CPU, in evaluation mode.

        Raises:
            ConfigurationError: a file is missing, or was not written by `save`.
        """
        return cls.of(Checkpoint.read(folder))

    @classmethod
    def of(cls, stored: Checkpoint) -> MultiTaskNetwork:
        """Build the network that `stored` describes: fp32, on the CPU, in evaluation mode.

        Raises:
            ConfigurationError: the weights are not those that the configuration describes.
        """
        try:
            network = cls.from_config(stored.config)
            tensors = {key: torch.from_numpy(values) for key, values in stored.state.items()}
            network.load_state_dict({key: value.float() if value.is_floating_point() else value for key, value in tensors.items()})
        except (KeyError, TypeError, ValueError, RuntimeError) as error:
            raise unreadable(stored.folder, error) from error
        return network.eval()


def pad(rows: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
    """Return (input_ids, attention_mask) of token ids, int64 tensors of shape (rows, the longest row)."""
    input_ids, mask = padded(rows, max((len(row) for row in rows), default=0))
    return torch.from_numpy(input_ids), torch.from_numpy(mask)


def heads_of(config: NetworkConfig, width: int) -> nn.ModuleDict:
    """Return new heads by name of task, for vectors of `width`."""
    both = config.branch.both if config.branch else frozenset()
    return nn.ModuleDict({task.name: nn.Linear(width * (1 + (task.name in both)), len(task.labels)) for task in config.tasks})


def _copy_head(head: nn.Linear, other: nn.Linear) -> None:
    """Copy `other` into `head`, which may read another vector behind that of `other`: this counts nothing then."""
    with torch.no_grad():
        head.weight.zero_()
        head.weight[:, : other.in_features] = other.weight
        head.bias.copy_(other.bias)


def load_encoder(base: Path | str) -> nn.Module:
    """Read the encoder in folder (or of hub name) `base`, pre-trained or a checkpoint's, fp32, without BERT's pooler.

    Raises:
        ConfigurationError: not readable as an encoder.
    """
    encoder = MultiTaskNetwork.load(Path(base)).encoder if is_checkpoint(base) else _pretrained(base)
    if getattr(encoder, "pooler", None) is not None:
        cast(Any, encoder).pooler = None  # never read: pooling is done here
    if not torch.cuda.is_available():
        cast(Any, encoder).set_attn_implementation("eager")  # a third faster than sdpa on short texts
    return encoder


def _pretrained(base: Path | str) -> nn.Module:
    from transformers import AutoModel
    from transformers.utils import logging

    logging.disable_progress_bar()
    logging.set_verbosity_error()  # it reports the pooler we drop as a problem
    try:
        return cast(nn.Module, AutoModel.from_pretrained(str(base), dtype=torch.float32))
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{base} is not a readable encoder: {error}", "give a folder with config.json and weights") from error


def encoder_dict(config: Any) -> dict[str, Any]:
    """The encoder's configuration as plain JSON values, without paths of the machine it was trained on."""
    body = json.loads(config.to_json_string(use_diff=True))
    body["model_type"] = config.model_type
    for key in ("_name_or_path", "transformers_version", "architectures", "dtype", "torch_dtype"):
        body.pop(key, None)
    return cast(dict[str, Any], body)

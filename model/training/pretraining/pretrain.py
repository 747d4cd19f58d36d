"""Masked language modelling on plain text, so that an encoder knows a domain's words before it is fine-tuned on labels.

Devlin et al. 2019 (BERT), section 3.1, task 1; continued on the text of the task's domain as in Gururangan et al. 2020.
"""

from __future__ import annotations

import json
import math
import random
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import torch
from pydantic import BaseModel, ConfigDict, Field
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional

from squall.core.cpus import usable_cores
from squall.core.errors import ConfigurationError
from squall.model.checkpoint import TOKENIZER_FILE
from squall.model.hardware import has_bf16
from squall.model.network import load_encoder, pad
from squall.model.preprocess import prepare
from squall.model.tasks import MISSING
from squall.model.tokenizer import load_tokenizer
from squall.model.training.artifacts.run_folder import PRETRAINED_FILE, base_name
from squall.model.training.artifacts.run_log import RunLog
from squall.model.training.batching import batches
from squall.model.training.lr_schedule import warmup_decay
from squall.model.training.optimizer import parameter_groups
from squall.model.training.pretraining.masked_language_model import MaskedLanguageModel, mask_token
from squall.model.training.toml import read_toml, validated

_KEPT_FILES = (TOKENIZER_FILE, "tokenizer_config.json", "special_tokens_map.json", "vocab.txt")


class PretrainConfig(BaseModel):
    """Settings of one run of masked language modelling."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    epochs: int = Field(1, ge=1)
    batch_rows: int = Field(64, ge=1)
    max_tokens: int = Field(64, ge=8, le=512)
    learning_rate: float = Field(2e-4, gt=0)
    weight_decay: float = Field(0.01, ge=0)
    warmup_share: float = Field(0.06, ge=0, lt=1)
    mask_share: float = Field(0.15, gt=0, lt=1, description="of the tokens: hidden, and to be guessed")
    dev_share: float = Field(0.01, gt=0, lt=1, description="of the texts: held out to measure the loss on")
    seed: int = 13
    threads: int = Field(0, ge=0, description="CPU threads; 0: as torch decides")
    precision: str = Field("auto", pattern="^(auto|fp32|bf16)$")


def load_pretrain_config(path: Path | None, overrides: dict[str, Any]) -> PretrainConfig:
    """Read the `[pretrain]` table of a TOML file; `overrides` win over it.

    Raises:
        ConfigurationError: not readable, or a value is wrong or a key unknown; names it.
    """
    return validated(PretrainConfig, {**read_toml(path).get("pretrain", {}), **overrides}, path)


def mask_tokens(
    input_ids: Tensor, maskable: Tensor, *, mask_id: int, vocabulary: int, share: float, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Return (inputs, labels) of the shape of `input_ids`: of the hidden tokens 80% become `mask_id`, 10% a random token, 10% stay.

    Args:
        input_ids: token ids, shape (rows, tokens).
        maskable: true where a token may be hidden: not special, not padding.
        mask_id: id of [MASK].
        vocabulary: number of token ids.
        share: chance of each token to be hidden.
        generator: source of chance.

    Labels are `MISSING` where nothing is hidden.
    """
    drawn = torch.rand(input_ids.shape, generator=generator)
    hidden = maskable & (drawn < share)
    labels = torch.where(hidden, input_ids, MISSING)
    kind = torch.rand(input_ids.shape, generator=generator)
    random_ids = torch.randint(vocabulary, input_ids.shape, generator=generator)
    inputs = torch.where(hidden & (kind < 0.8), mask_id, input_ids)
    return torch.where(hidden & (kind >= 0.9), random_ids, inputs), labels


class Pretrainer:
    """One run of masked language modelling.

    Args:
        base: folder (or hub name, when the hub can be reached) of the encoder to continue from.
        config: the run's settings.
        out: folder that gets the encoder and its tokenizer, readable as `--base`.
        log: progress, curves.

    Raises:
        ConfigurationError: the base can't be read or its tokenizer has no [MASK].
    """

    def __init__(self, base: Path, config: PretrainConfig, out: Path, log: RunLog) -> None:
        torch.manual_seed(config.seed)
        torch.set_num_threads(config.threads or min(torch.get_num_threads(), usable_cores()))
        self.base, self.config, self.out, self.log = base, config, out, log
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.tokenizer = load_tokenizer(base / TOKENIZER_FILE, config.max_tokens)
        self.mask_id = mask_token(self.tokenizer, base)
        self.model = MaskedLanguageModel(load_encoder(base)).to(self.device)
        self.autocast = config.precision == "bf16" or (config.precision == "auto" and has_bf16(self.device))
        self.generator = torch.Generator().manual_seed(config.seed)

    def fit(self, texts: Sequence[str]) -> dict[str, Any]:
        """Train on `texts`, save the encoder after each epoch; returns `epochs`, `rows`, `dev_loss` before and after.

        Raises:
            ConfigurationError: fewer than 100 texts.
        """
        if len(texts) < 100:
            raise ConfigurationError(f"{len(texts)} texts are too few for masked language modelling", "give a file with 100 lines or more")
        order = list(texts)
        rng = random.Random(self.config.seed)  # noqa: S311 - an order, not a secret
        rng.shuffle(order)
        held = max(32, round(len(order) * self.config.dev_share))
        ids, special = _encode(order, self.tokenizer, self.config.max_tokens)
        dev, train = range(held), range(held, len(order))
        losses = [self._dev_loss(ids, special, dev)]
        self.log.message(f"{len(train)} texts to train on, {held} held out; loss on those {losses[0]:.4f}")
        steps = math.ceil(len(train) / self.config.batch_rows) * self.config.epochs
        groups = parameter_groups(self.model.named_parameters(), rate=self.config.learning_rate, decay=self.config.weight_decay)
        optimizer = torch.optim.AdamW(groups, fused=True)
        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, warmup_decay(steps, self.config.warmup_share))
        found: dict[str, Any] = {}
        for epoch in range(1, self.config.epochs + 1):
            plan = batches([len(ids[i]) for i in train], self.config.batch_rows, rng)
            self.model.train()
            with self.log.progress(f"epoch {epoch}/{self.config.epochs}", len(plan)) as advance:
                for part in plan:
                    loss = self._loss([ids[train[i]] for i in part], [special[train[i]] for i in part])
                    loss.backward()  # type: ignore[no-untyped-call]
                    torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
                    optimizer.step()
                    schedule.step()
                    optimizer.zero_grad()
                    advance(loss.item())
            losses.append(self._dev_loss(ids, special, dev))
            self.log.message(f"epoch {epoch}: loss on held-out texts {losses[-1]:.4f}")
            found = {"base": base_name(self.base), "epochs": epoch, "rows": len(train), "dev_loss": losses}
            self.save({**found, "config": self.config.model_dump()})
        return found

    def save(self, found: dict[str, Any]) -> None:
        """Write encoder, tokenizer and how they were made into `out`."""
        self.model.save(self.out)
        for name in _KEPT_FILES:
            if (self.base / name).is_file():
                shutil.copyfile(self.base / name, self.out / name)
        (self.out / PRETRAINED_FILE).write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")

    def _loss(self, ids: Sequence[Sequence[int]], special: Sequence[Sequence[int]]) -> Tensor:
        input_ids, mask = pad(ids)
        maskable = mask.bool() & (pad(special)[0] == 0)
        vocabulary = self.model.embeddings.num_embeddings
        inputs, labels = mask_tokens(
            input_ids, maskable, mask_id=self.mask_id, vocabulary=vocabulary, share=self.config.mask_share, generator=self.generator
        )
        hidden_at = (labels != MISSING).to(self.device)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.autocast):
            logits = self.model(inputs.to(self.device), mask.to(self.device), hidden_at)
        if not len(logits):
            return cast(Tensor, logits.sum() + 0.0 * self.model.bias.sum())
        return functional.cross_entropy(logits.float(), labels.to(self.device)[hidden_at])

    def _dev_loss(self, ids: Sequence[Sequence[int]], special: Sequence[Sequence[int]], dev: range) -> float:
        """Mean loss on the held-out texts, with the same tokens hidden each time."""
        training_generator, self.generator = self.generator, torch.Generator().manual_seed(self.config.seed)
        self.model.eval()
        with torch.inference_mode():
            losses = [self._loss(ids[i : i + 64], special[i : i + 64]).item() for i in range(dev.start, dev.stop, 64)]
        self.generator = training_generator
        return sum(losses) / len(losses)


def _encode(texts: Sequence[str], tokenizer: Tokenizer, max_tokens: int) -> tuple[list[list[int]], list[list[int]]]:
    """Token ids, and 1 where a token is special."""
    encoded = tokenizer.encode_batch([prepare(text, max_tokens) for text in texts])
    return [e.ids for e in encoded], [e.special_tokens_mask for e in encoded]

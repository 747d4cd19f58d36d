"""Low-rank adapters for encoders that are too large to fine-tune whole (Hu et al. 2021), by `peft`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from pydantic import BaseModel, ConfigDict, Field

from squall.core.errors import ConfigurationError

if TYPE_CHECKING:
    from torch import nn


class Lora(BaseModel):
    """Settings of the adapters; `targets` are names of linear layers, or `all-linear`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rank: int = Field(8, ge=1)
    alpha: float = Field(16.0, gt=0, description="the adapters' output is scaled by alpha / rank")
    dropout: float = Field(0.05, ge=0, lt=1)
    targets: tuple[str, ...] = ("all-linear",)


def add_adapters(encoder: nn.Module, lora: Lora) -> nn.Module:
    """Freeze `encoder` and return it with trainable adapters.

    Raises:
        ConfigurationError: `peft` is missing, or the encoder has no layer of a name in `targets`.
    """
    try:
        from peft import LoraConfig, get_peft_model
    except ImportError:
        raise ConfigurationError("LoRA needs the package peft", "pip install 'squall[train]'") from None
    targets: Any = "all-linear" if lora.targets == ("all-linear",) else list(lora.targets)
    config = LoraConfig(
        r=lora.rank, lora_alpha=lora.alpha, lora_dropout=lora.dropout, target_modules=targets, task_type="FEATURE_EXTRACTION"
    )
    try:
        return cast("nn.Module", get_peft_model(cast(Any, encoder), config))
    except ValueError as error:
        raise ConfigurationError(f"train.lora.targets: {error}", "name linear layers of the encoder, or leave it out for all") from None


def merged(encoder: nn.Module) -> nn.Module:
    """Return a copy of `encoder` with the adapters folded into its weights, as a plain encoder."""
    import copy

    return cast("nn.Module", cast(Any, copy.deepcopy(encoder)).merge_and_unload())

"""The settings of a training run: everything that it depends on beside its data."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from squall.model.training.techniques.head_blending import Blend
from squall.model.training.techniques.head_mixture import LearntMixture
from squall.model.training.techniques.lora import Lora


class TrainConfig(BaseModel):
    """The settings; stored in `metrics.json`. The `[train]` table of a TOML recipe has the same keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field("minilm-mt", pattern=r"^[\w.-]+$", description="first part of the model version")
    strategy: Literal["joint", "serial"] = Field("joint", description="all tasks at once, or one after another in their order")
    epochs: int = Field(4, ge=1, description="passes over the data; serial: for each task")
    patience: int = Field(2, ge=1, description="epochs without a better dev score before it stops")
    batch_rows: int = Field(64, ge=1, description="rows per step")
    max_tokens: int = Field(64, ge=8, le=512, description="longer texts are cut here")
    learning_rate: float = Field(1.5e-4, gt=0, description="of the encoder's last layer, at its peak")
    head_learning_rate: float = Field(1e-3, gt=0, description="of the heads")
    layer_decay: float = Field(1.0, gt=0, le=1, description="factor on the learning rate from each layer to the one below")
    weight_decay: float = Field(0.01, ge=0, description="AdamW's")
    warmup_share: float = Field(0.06, ge=0, lt=1, description="of the steps: the rate rises")
    dropout: float = Field(0.1, ge=0, lt=1, description="on the text's vector")
    pooling: Literal["mean", "cls", "attention"] = Field("mean", description="how the token vectors become the vector of the text")
    case: bool | None = Field(None, description="read the case of words, for encoders without one; empty: as the base does")
    branch_layers: int = Field(0, ge=0, description="new heads read copies of the base's last layers; the base stays as it is. 0: off")
    branch_both: tuple[str, ...] = Field((), description="heads of the base that learn to read the branch too, beside the encoder")
    branch_both_share: float = Field(
        1.0, ge=0, le=1, description="share of what those heads learnt in the saved ones; the rest is that of `branch_both_rest`"
    )
    branch_both_rest: Literal["base", "teacher"] = Field(
        "base", description="whose heads are the rest; teacher: the first one, of the same encoder"
    )
    branch_frozen: bool = Field(False, description="leave the base's branch and its heads as they are: only new heads learn")
    signs: bool = Field(False, description="give emoji and arrows tokens of their own, if the base's tokenizer has none for them")
    ema_decay: float = Field(0.0, ge=0, lt=1, description="decay of the moving average of the weights, which is measured and saved; 0: off")
    base_share: float = Field(0.0, ge=0, lt=1, description="share of the base checkpoint's weights in the measured and saved ones; 0: off")
    loss_weights: dict[str, float] = Field(default_factory=dict, description="λ per task; 1 where not named")
    learn_loss_weights: bool = Field(False, description="λ from each task's learned uncertainty, times loss_weights")
    label_smoothing: float = Field(0.0, ge=0, lt=1, description="share of each label's weight spread over the others")
    focal_gamma: float = Field(0.0, ge=0, description="focal loss: easy rows count less; 0: off")
    class_balance: float = Field(0.0, ge=0, le=1, description="class weights ∝ frequency to the power of minus this; 0: off")
    r_drop: float = Field(0.0, ge=0, description="weight of the divergence between two passes with different dropout; 0: off")
    teachers: tuple[Path, ...] = Field((), description="checkpoints whose averaged probabilities are learned beside the labels")
    teacher_weights: tuple[float, ...] = Field((), description="of the teachers in their average; empty: all alike")
    teacher_share: float = Field(0.5, ge=0, le=1, description="of the loss that comes from the teachers")
    teacher_vectors: float = Field(0.0, ge=0, description="weight of the distance to the first teacher's vector of the text; 0: off")
    teacher_temperature: float = Field(1.0, gt=0, description="softens teachers and student alike")
    renamed: float = Field(0.0, ge=0, le=1, description="share of the rows that name an organisation: learnt again with other names")
    recased: float = Field(0.0, ge=0, lt=1, description="share of the rows: learnt in capitals, lower case or title case instead")
    marked: float = Field(0.0, ge=0, lt=1, description="share of the rows with spans: learnt with an agency's mark before them")
    template_copies: int = Field(1, ge=1, description="fillings of each template")
    templates_joined: float = Field(
        0.0, ge=0, le=2, description="texts of two templates about different organisations, as a share of all fillings"
    )
    own_labels: tuple[str, ...] = Field((), description="sources whose labels count instead of what the teachers say of their texts")
    lora: Lora | None = Field(None, description="train low-rank adapters instead of the encoder's weights")
    allow_missing_classes: bool = Field(False, description="accept a class of a task without training rows")
    calibrate: bool = Field(True, description="fit a temperature per text and spans task on the dev split")
    dev_share: float = Field(0.1, gt=0, lt=1, description="of the rows: held out")
    dev_fold: int = Field(0, ge=0, description="which such share is held out: with dev_share 0.2, from 0 to 4 for five folds")
    keep: Literal["best", "last"] = Field("best", description="the epoch that is saved: of the best dev score, or the last")
    split_seed: int = Field(13, description="of the split into training and dev")
    seed: int = Field(13, description="of the heads, the order and the dropout")
    threads: int = Field(0, ge=0, description="CPU threads; 0: as torch decides")
    precision: Literal["auto", "fp32", "bf16"] = Field("auto", description="auto: bf16 where the processor has it")
    blend: Blend | None = Field(None, description="two heads made one after training")
    mixture: LearntMixture | None = Field(
        None, description="two heads for sets that label differently, and a gate that weighs their answers"
    )

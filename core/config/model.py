"""Settings of the scoring engine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from squall.core.config.sections import Positive, Section

LanguageCode = Annotated[str, Field(pattern=r"^([a-z]{2,3}|\*)$")]


class ModelSettings(Section):
    """The scoring engine."""

    path: Path | None = Field(None, description="checkpoint folder; empty: the shipped weights")
    languages: tuple[LanguageCode, ...] = Field(
        (),
        description="languages that the model reads; texts in others are stored without a score; `*`: all; empty: the checkpoint's",
    )
    precision: Literal["auto", "fp32", "bf16", "int8"] = Field(
        "auto",
        description="auto: on a CPU int8 where it multiplies bytes natively (VNNI), else fp32; on a GPU bf16 where it can, else fp32",
    )
    device: Literal["auto", "cpu", "cuda"] = Field("auto", description="where the network runs; auto: a GPU if there is one")
    backend: Literal["auto", "onnx", "eager", "compile", "cuda_graphs"] = Field(
        "auto",
        description="how the network runs; auto: on a CPU onnx (ONNX Runtime), on a GPU cuda_graphs, else eager; all but onnx need PyTorch",
    )
    max_tokens: Annotated[int, Field(ge=16, le=512)] = Field(
        128, description="most tokens that are read of a text; of a longer one an excerpt"
    )
    batch_tokens: Annotated[int, Field(ge=0)] = Field(0, description="token budget of one pass; 0: 2048 on a CPU, 32768 on a GPU")
    max_wait_ms: Annotated[float, Field(ge=0, le=1000)] = Field(
        2.0, description="longest wait for a batch to fill while several callers send texts"
    )
    queue_tokens: Positive = Field(65_536, description="most tokens waiting for the network; further callers block")
    threads: Annotated[int, Field(ge=0)] = Field(0, description="CPU threads; 0: one per core that this process may use")

"""Settings of micro-batches."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from squall.core.config.sections import Positive, Seconds, Section


class ProcessorSettings(Section):
    """Micro-batches and error handling."""

    batch_documents: Positive = Field(512, description="most documents in one micro-batch")
    batch_tokens: Positive = Field(65_536, description="most tokens (estimated) in one micro-batch")
    batch_wait_seconds: Seconds = Field(0.5, description="longest wait for a micro-batch to fill")
    max_consecutive_rejects: Positive = Field(1000, description="most consecutive rejects in one partition; beyond, the worker stops")
    max_reject_ratio: Annotated[float, Field(gt=0, le=1)] = Field(
        0.75, description="highest ratio of rejects in the last `reject_window` items of one partition; beyond, the worker stops; 1: off"
    )
    reject_window: Positive = Field(2000, description="items per partition over which `max_reject_ratio` is measured")
    retry_max_seconds: Seconds = Field(30.0, description="longest pause between retries while the store is unavailable")

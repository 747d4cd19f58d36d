"""Settings of micro-batches."""

from __future__ import annotations

from pydantic import Field

from squall.core.config.sections import Positive, Seconds, Section


class ProcessorSettings(Section):
    """Micro-batches and error handling."""

    batch_documents: Positive = Field(512, description="most documents in one micro-batch")
    batch_tokens: Positive = Field(65_536, description="most tokens (estimated) in one micro-batch")
    batch_wait_seconds: Seconds = Field(0.5, description="longest wait for a micro-batch to fill")
    max_consecutive_rejects: Positive = Field(1000, description="consecutive rejects after which the worker stops")
    retry_max_seconds: Seconds = Field(30.0, description="longest pause between retries while the store is unavailable")

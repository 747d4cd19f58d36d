"""Settings of micro-batches."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from squall.core.config.sections import Positive, Seconds, Section


class ProcessorSettings(Section):
    """Micro-batches and error handling."""

    batch_documents: Positive = Field(
        2048, description="most documents in one micro-batch; fewer (512) where scoring or storing so many takes over half a second"
    )
    batch_tokens: Positive = Field(65_536, description="most tokens (estimated) in one micro-batch")
    batch_wait_seconds: Seconds = Field(0.5, description="longest wait for a micro-batch to fill")
    max_consecutive_rejects: Positive = Field(1000, description="most consecutive rejects in one partition; beyond, the worker stops")
    max_reject_ratio: Annotated[float, Field(gt=0, le=1)] = Field(
        0.75, description="highest ratio of rejects in the last `reject_window` items of one partition; beyond, the worker stops; 1: off"
    )
    reject_window: Positive = Field(2000, description="items per partition over which `max_reject_ratio` is measured")
    max_future_seconds: Annotated[float, Field(ge=0, le=600)] = Field(
        600.0, description="how far ahead of this machine's clock a document may be dated; one that is further ahead is rejected"
    )
    max_age_days: Annotated[int | None, Field(gt=0)] = Field(
        None, description="how old a document may be when it is processed; an older one is rejected; not set: any age since 1990"
    )
    max_versions_per_day: Annotated[int, Field(ge=1, le=1000)] = Field(
        24, description="most later versions of one document that are stored in 24 hours of its time; further ones count as duplicates"
    )
    retry_max_seconds: Seconds = Field(30.0, description="longest pause between retries while the store is unavailable")

"""Settings of metrics, probes and logs."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from squall.core.config.sections import Seconds, Section


class MetricsSettings(Section):
    """Metrics and probes over HTTP, for Prometheus and Kubernetes."""

    host: str = Field("127.0.0.1", description="address to listen on; the endpoint has no login")
    port: Annotated[int, Field(ge=0, le=65535)] = Field(0, description="serves /metrics, /livez and /readyz; 0: off")
    allowed_hosts: tuple[str, ...] = Field(
        (), description="names, with * and ?, that the Host header may have besides addresses and private names"
    )
    patience_seconds: Seconds = Field(300.0, description="time without progress after which /livez fails")


class LogSettings(Section):
    """Logs on standard error."""

    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="lowest level that is logged")
    format: Literal["text", "json"] = Field("text", description="json: one object per line")

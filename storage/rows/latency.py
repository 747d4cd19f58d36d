"""Quantiles of how long documents took."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Quantiles:
    """Seconds."""

    p50: float
    p99: float
    max: float


@dataclass(frozen=True, slots=True)
class Latency:
    """How long documents took, of those published in the requested span: since collection and since publication."""

    documents: int
    since_collected: Quantiles
    since_published: Quantiles

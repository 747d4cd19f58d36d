"""The batch size of the engine: how many tokens one pass may hold, padding included."""

from __future__ import annotations

from typing import Final

from squall.core.config.settings import ModelSettings

DEFAULT_BATCH_TOKENS: Final = {"cpu": 2048, "cuda": 32_768}
"""Limit by type of device where `batch_tokens` of the settings is 0: what the caches of a CPU hold, what keeps a GPU busy.

After a batch ran out of memory a smaller limit holds: see `squall.model.serving.failure_recovery`.
"""


def batch_token_limit(settings: ModelSettings, device_type: str) -> int:
    """Return the most tokens in a batch on a device of this type (`cpu` or `cuda`)."""
    return settings.batch_tokens or DEFAULT_BATCH_TOKENS[device_type]

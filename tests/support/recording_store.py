"""A store that records how it is used."""

from __future__ import annotations

from typing import Any


class RecordingStore:
    """A store that records which methods are called, and raises `error` once it is set."""

    def __init__(self, store: Any) -> None:
        self.store = store
        self.calls: list[str] = []
        self.error: Exception | None = None

    def __getattr__(self, name: str) -> Any:
        def call(*args: Any, **kwargs: Any) -> Any:
            self.calls.append(name)
            if self.error:
                raise self.error
            return getattr(self.store, name)(*args, **kwargs)

        return call

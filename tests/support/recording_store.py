"""A store that records how it is used, and can be made to fail."""

from __future__ import annotations

from typing import Any


class RecordingStore:
    """A store that records which queries are called, as `group.method`, and raises `error` once it is set.

    Args:
        store: answers the calls; None where every call fails.
    """

    def __init__(self, store: Any = None, error: Exception | None = None) -> None:
        self.store = store
        self.calls: list[str] = []
        self.error = error

    def __getattr__(self, group: str) -> Any:
        return _RecordingGroup(self, group)


class _RecordingGroup:
    def __init__(self, owner: RecordingStore, name: str) -> None:
        self._owner, self._name = owner, name

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call a method of the store itself."""
        self._record(self._name)
        return getattr(self._owner.store, self._name)(*args, **kwargs)

    def __getattr__(self, method: str) -> Any:
        def call(*args: Any, **kwargs: Any) -> Any:
            self._record(f"{self._name}.{method}")
            return getattr(getattr(self._owner.store, self._name), method)(*args, **kwargs)

        return call

    def _record(self, name: str) -> None:
        self._owner.calls.append(name)
        if self._owner.error:
            raise self._owner.error

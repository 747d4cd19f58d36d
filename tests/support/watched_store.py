"""A store whose calls a test sees, and may fail, before they are made."""


class WatchedStore:
    """Calls `before(group, method, args)` before every method of the groups of `store`; what it raises, the caller gets."""

    def __init__(self, store, before):
        self._store, self._before = store, before

    def __getattr__(self, name):
        part = getattr(self._store, name)
        return part if callable(part) else _WatchedGroup(part, name, self._before)


class _WatchedGroup:
    def __init__(self, group, name, before):
        self._group, self._name, self._before = group, name, before

    def __getattr__(self, name):
        method = getattr(self._group, name)

        def call(*args, **options):
            self._before(self._name, name, args)
            return method(*args, **options)

        return call

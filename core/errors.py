"""Errors that say who must act and what to do next."""

from __future__ import annotations


class SquallError(Exception):
    """A failure a person can act on.

    Args:
        what: what happened, to which input.
        hint: what to do about it; shown on a line of its own by the command line.
    """

    def __init__(self, what: str, hint: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.what} ({self.hint})" if self.hint else self.what


class ConfigurationError(SquallError):
    """A setting or an argument is wrong; nothing was started."""


class InvalidRecordError(SquallError):
    """A record is not a valid `Document`; it is dead-lettered and never retried.

    Args:
        reason: a short machine-readable code (`broken_json`, `missing_field`, ...).
        detail: what is wrong, with the field.
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


class UnavailableError(SquallError):
    """A dependency (broker, store, SMTP) did not answer: keep everything, wait, retry."""


class StoreUnavailableError(UnavailableError):
    """The store did not answer or lost the connection; the write may or may not have happened."""


class StoreError(SquallError):
    """The store answered with an error that a retry does not solve."""


class StoreRefusedError(StoreError, ConfigurationError):
    """The store refuses the login, the certificate or the protocol."""


class StoreMissingError(StoreError):
    """There is no embedded store in the folder, and the command does not create one."""


class StoreLockedError(StoreError):
    """Another process owns the embedded store's folder.

    Args:
        what: as of `SquallError`.
        hint: as of `SquallError`.
        holder: id of that process; 0 if it is unknown.
    """

    def __init__(self, what: str, hint: str = "", holder: int = 0) -> None:
        super().__init__(what, hint)
        self.holder = holder


class BrokerUnavailableError(UnavailableError):
    """Kafka did not answer."""


class TooManyRejectsError(SquallError):
    """So much of one partition was rejected that something is wrong; the worker stops before it dead-letters everything.

    Args:
        what: as of `SquallError`.
        hint: as of `SquallError`.
        stream: the topic or source of that partition.
    """

    def __init__(self, what: str, hint: str = "", stream: str = "") -> None:
        super().__init__(what, hint)
        self.stream = stream


class ModelFaultError(SquallError):
    """The model fails on every text: none is the failing text, and none is dead-lettered."""


class StoppedError(SquallError):
    """Work was abandoned because the process was asked to stop; nothing was acknowledged."""

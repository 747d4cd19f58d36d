"""Errors say what happened and what to do."""

from __future__ import annotations

from squall.core.errors import (
    BrokerUnavailableError,
    InvalidRecordError,
    StoreError,
    StoreLockedError,
    StoreUnavailableError,
    UnavailableError,
)


def test_an_error_reads_as_what_happened_and_what_to_do() -> None:
    assert str(StoreError("no table", "run `squall store migrate`")) == "no table (run `squall store migrate`)"
    assert str(StoreError("no table")) == "no table"
    assert str(InvalidRecordError("missing_field", "id: Field required")) == "missing_field: id: Field required"


def test_only_what_may_come_back_is_tried_again() -> None:
    assert issubclass(StoreUnavailableError, UnavailableError)
    assert issubclass(BrokerUnavailableError, UnavailableError)
    assert not issubclass(StoreError, UnavailableError)
    assert not issubclass(StoreLockedError, UnavailableError)

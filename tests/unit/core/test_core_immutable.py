"""Settings never change: not by assignment, not through a value in them, and not when another object is made."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Mapping
from datetime import time
from enum import Enum
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, SecretStr, ValidationError

from squall.core.config.settings import Settings
from squall.core.errors import ConfigurationError
from squall.core.kafka.client import client_arguments

REMOTE = {"kafka": {"bootstrap_servers": "kafka.example:9092"}, "store": {"url": "clickhouse://db.example/squall"}}
FULL = {
    "detector": {"sectors": {"Banks": ("JPM", "GS")}, "symbols": ("AAPL",)},
    "ingest": {"files": ({"path": "a.csv"},)},
    "alerts": {
        "receivers": ({"name": "desk", "to": ("desk@bank.example",)},),
        "routes": ({"receiver": "desk", "quiet": {"start": "22:00", "end": "06:00"}},),
    },
}
OVERRIDES = st.fixed_dictionaries(
    {},
    optional={
        "allow_plaintext": st.booleans(),
        "data_dir": st.sampled_from([Path("a"), Path("b")]),
        "kafka": st.fixed_dictionaries({}, optional={"group_id": st.sampled_from(["one", "two"]), "partitions": st.integers(1, 9)}),
        "store": st.fixed_dictionaries({}, optional={"url": st.sampled_from(["", "clickhouse://db.example/squall"])}),
        "detector": st.fixed_dictionaries({}, optional={"sectors": st.dictionaries(st.sampled_from("AB"), st.just(("X",)))}),
        "alerts": st.fixed_dictionaries({}, optional={"to": st.sampled_from([("a@x",), ("b@x",)])}),
    },
)


def seen(settings: Settings) -> tuple[Any, ...]:
    """All that a caller can see of settings: their values, and which connections they allow."""
    return settings.model_dump(), allowed(settings)


def allowed(settings: Settings) -> tuple[bool, bool]:
    remote = settings.kafka.model_copy(update={"bootstrap_servers": "kafka.example:9092"})
    return (
        _opens(lambda: client_arguments(remote, allow_plaintext=settings.allow_plaintext)),
        _opens(lambda: settings.store_url),
    )


def _opens(call: Any) -> bool:
    try:
        call()
    except ConfigurationError:
        return False
    return True


def test_another_object_that_allows_plaintext_changes_nothing_for_the_first() -> None:
    first = Settings(**REMOTE)
    second = Settings(**REMOTE, allow_plaintext=True)
    third = Settings(allow_plaintext=True, kafka=first.kafka, store=first.store)
    assert allowed(first) == (False, False)
    assert allowed(second) == allowed(third) == (True, True)
    assert allowed(Settings(kafka=third.kafka, store=third.store)) == (False, False)


@given(st.lists(OVERRIDES, min_size=2, max_size=5), st.booleans())
def test_no_sequence_of_constructions_changes_an_earlier_object(sequence: list[dict[str, Any]], shares: bool) -> None:
    made: list[tuple[Settings, tuple[Any, ...]]] = []
    for overrides in sequence:
        parts = {"kafka": made[-1][0].kafka, "store": made[-1][0].store} if shares and made else {}
        settings = Settings(**(overrides | parts))
        made.append((settings, copy.deepcopy(seen(settings))))
        assert all(seen(earlier) == before for earlier, before in made)


def mutable_parts(value: object, path: str = "settings") -> list[str]:
    """Return where in `value` something can be changed."""
    if isinstance(value, BaseModel):
        private = [f"{path}.{name}" for name in value.__private_attributes__]
        frozen = [] if value.model_config.get("frozen") else [path]
        return private + frozen + [found for name, each in value for found in mutable_parts(each, f"{path}.{name}")]
    if isinstance(value, Mapping):
        inside = [found for name, each in value.items() for found in mutable_parts(each, f"{path}[{name}]")]
        return inside + ([path] if hasattr(value, "__setitem__") else [])
    if isinstance(value, tuple):
        return [found for number, each in enumerate(value) for found in mutable_parts(each, f"{path}[{number}]")]
    return [] if value is None or isinstance(value, str | int | float | Path | SecretStr | Enum | time) else [path]


@pytest.mark.parametrize("settings", [Settings(), Settings(**FULL)], ids=["defaults", "full"])
def test_every_value_in_the_tree_is_immutable(settings: Settings) -> None:
    assert not mutable_parts(settings)
    assert not mutable_parts(settings.alerts.by_name)


def test_no_field_can_be_assigned() -> None:
    settings = Settings()
    for owner, name in ((settings, "allow_plaintext"), (settings.kafka, "group_id"), (settings.detector, "sectors")):
        with pytest.raises(ValidationError, match="frozen"):
            setattr(owner, name, getattr(owner, name))


def test_what_a_caller_passed_in_is_not_shared() -> None:
    sectors = {"Banks": ("JPM",)}
    settings = Settings(detector={"sectors": sectors})
    sectors["Oil"] = ("XOM",)
    assert dict(settings.detector.sectors) == {"Banks": ("JPM",)}


def test_settings_survive_a_copy_and_a_pickle_and_have_a_hash() -> None:
    settings = Settings(**FULL)
    assert copy.deepcopy(settings) == pickle.loads(pickle.dumps(settings)) == Settings.model_validate(settings.model_dump()) == settings
    assert hash(settings) == hash(copy.deepcopy(settings))


def test_constructing_settings_reads_neither_the_environment_nor_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "squall.toml").write_text('data_dir = "unread"\n')
    monkeypatch.setenv("SQUALL_KAFKA__GROUP_ID", "unread")
    assert Settings() == Settings.model_validate({})
    assert (Settings().data_dir, Settings().kafka.group_id) == (Path("squall-data"), "squall")

"""`squall ingest types`: what it says can be copied into a list of sources."""

from __future__ import annotations

import re
import tomllib

import pytest
from typer.testing import CliRunner

from squall.cli.main import app
from squall.ingest.registry.types import BUILT_IN, installed_types

_OPTION = re.compile(r"  (?P<name>[a-z0-9_]+) .*\((?:default: (?P<default>.*)|required)\)")


@pytest.mark.parametrize("name", BUILT_IN)
def test_defaults_of_a_type_are_shown_in_toml_and_what_is_required_comes_first(name: str) -> None:
    shown = CliRunner().invoke(app, ["ingest", "types", name]).stdout
    options = installed_types().get(name).Options.model_fields
    lines = [found for line in shown.splitlines() if (found := _OPTION.fullmatch(line))]
    assert {found["name"] for found in lines} == set(options)
    required = [found["default"] is None for found in lines]
    assert required == sorted(required, reverse=True)
    for found in lines:
        if found["default"] not in {None, "none"}:
            default = options[found["name"]].get_default(call_default_factory=True)
            written = tomllib.loads(f"x = {found['default']}")["x"]
            assert written == (list(default) if isinstance(default, tuple) else default)
